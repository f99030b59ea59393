"""What the options of a command mean together."""

import inspect
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import BatchSizeFinder, LambdaCallback, LearningRateFinder

from digits.argv import given_settings
from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.console import PROGRAM, shown, warn
from digits.data import MNISTDataModule
from digits.errors import MOST_SEED, InputError, check_number
from digits.runs import LOG_ROOT, PRETRAINED
from digits.schema import VERSION

MOST_DEVICES = 8  # for each core
LEAST = {"accumulate_grad_batches": 1, "check_val_every_n_epoch": 1, "gradient_clip_val": 0, "log_every_n_steps": 0}


def refuse_options(command: str, options: Namespace, name: str) -> None:
    """Raise an InputError for options that can't do what they say."""
    seed = options.get("seed_everything", 0)
    if not isinstance(seed, bool):
        check_number("--seed_everything", seed, most=MOST_SEED, whole=True)
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"--name {name} leads out of {LOG_ROOT}: see --trainer.default_root_dir")
    for option in ("max_epochs", "max_steps", "limit_train_batches", "accumulate_grad_batches"):
        value = options.trainer[option]
        if command == "fit" and value is not None and (value == 0 or math.isnan(value)):
            raise InputError(f"--trainer.{option} {value} trains nothing")
    for option, least in LEAST.items():  # Lightning divides by some and takes others for something else
        value = options.trainer[option]
        if value is not None and not value >= least:
            raise InputError(f"--trainer.{option} must be at least {least}, got {value}")
    devices, cores = str(options.trainer.devices), os.cpu_count() or 1
    if devices.isdecimal() and int(devices[:9]) > MOST_DEVICES * cores:  # a process each, all at once
        raise InputError(
            f"--trainer.devices {devices}: this machine has {cores} cores, so at most {MOST_DEVICES * cores}"
        )
    if options.trainer.barebones:
        raise InputError("--trainer.barebones is not supported: it disables logging and checkpoints")
    for group in ("model", "data", "optimizer", "lr_scheduler"):
        if isinstance(named := options[group], Namespace):
            refuse_null(group, named)
    for one in callbacks_of(options.trainer):
        refuse_functions(one)
        refuse_null("trainer.callbacks", one)


def refuse_functions(callback: Namespace) -> None:
    """Raise an InputError for a callback, by class_path and init_args, that is given a function: no config holds it."""
    settings = callback.get("init_args") or {}
    defaults = inspect.signature(resolve_name(callback.class_path)).parameters if settings else {}
    for setting, value in settings.items():
        known = setting in defaults and value is defaults[setting].default
        if (callable(value) and not known) or (is_a(callback, LambdaCallback) and value is not None):
            name = callback.class_path.rpartition(".")[2]
            raise InputError(
                f"trainer.callbacks: {name}.{setting} is a function: write a Callback in a file of your own, and name "
                "its class"
            )


def refuse_null(group: str, named: Namespace) -> None:
    """Raise an InputError for a setting that is null, as `lr:` in a config is, where its class needs a value.

    Args:
        group: the option that names the class, such as model.
        named: class_path and init_args.
    """
    missing = [name for name, value in (named.get("init_args") or {}).items() if value is None]
    for kind in resolve_name(named.class_path).__mro__ if missing else ():
        parameters = inspect.signature(kind.__init__).parameters
        for name in missing:
            parameter = parameters.get(name)
            if parameter is not None and parameter.default is parameter.annotation is parameter.empty:
                raise InputError(f"--{group}.{name} is missing, which {kind.__name__} needs")
            if parameter is not None and not takes_none(parameter):
                raise InputError(f"--{group}.{name} is null: give a value, or leave it out")


def takes_none(parameter: inspect.Parameter) -> bool:
    """Whether None is among what a parameter takes, as far as it says what it takes."""
    kind = parameter.annotation
    return parameter.default is None or kind in (parameter.empty, Any) or "None" in str(kind) or "Optional" in str(kind)


def path_of(kind: type) -> str:
    """The import path of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def is_a(named: Namespace, kind: type) -> bool:
    """Whether the class that options name, by class_path, is this one."""
    return resolve_name(named.class_path) is kind


def is_derived(named: Namespace, *kinds: type) -> bool:
    """Whether the class that options name is one of these, or derived from one; a function may stand in its place."""
    found = resolve_name(named.class_path)
    return isinstance(found, type) and issubclass(found, kinds)


def settings_of_network(argv: Sequence[str], options: Namespace) -> dict[str, Any]:
    """The settings of the network that a config or the command line asks for.

    What all networks share, such as the learning rate, may change in a config after training; it only counts where it
    stands on the command line itself.
    """
    asked = options.model.get("init_args") or {}
    shared = {*Classifier.__init__.__annotations__} - given_settings(argv, "model")
    return {key: value for key, value in asked.items() if key not in shared}


def refuse_unnamed(command: str, options: Namespace) -> None:
    """Raise an InputError where nothing says which network a command other than `fit` is to take."""
    named = options.name or options.config or options.model
    if not named and command != "fit" and options.ckpt_path in (None, "best", "last"):
        pictures = f"; `{PROGRAM} predict PICTURE` reads pictures" if command == "predict" else ""
        raise InputError(
            f"no network: give --config NAME, or by --ckpt_path the folder of a run, or pretrained{pictures}"
        )


def network_from_checkpoint(path: Path, command: str, argv: Sequence[str], options: Namespace) -> Checkpoint:
    """Read a checkpoint, and put the network that it holds into the options.

    Args:
        path: the checkpoint.
        command: fit, validate, test, predict or export.
        argv: the arguments of the command line.
        options: what they mean; model and ckpt_path are changed.

    Raises:
        InputError: the file can't be used, or the options contradict it.
    """
    checkpoint = Checkpoint.read(path)
    if command == "fit" and not checkpoint.content.get("loops"):
        checkpoint.refuse("holds weights alone, which can't be trained further: give the run's last.ckpt")
    refuse_custom_class(checkpoint, options)
    if options.model is not None:
        given = given_settings(argv, "model")
        if has_callback(options.trainer, LearningRateFinder):
            given.discard("lr")  # the one that was found is used
        compare_network(checkpoint, options, settings_of_network(argv, options), given)
    if checkpoint.is_builtin:
        checkpoint.network()  # refuses what does not fit
    if VERSION not in checkpoint.content:
        checkpoint.refuse(f"has no {VERSION}, which Lightning asks for: `digits predict PICTURE` needs none")
    foreign = path == PRETRAINED and not is_a(options.data, MNISTDataModule)
    settings: Any = options.data.get("init_args") or {}
    for line in () if foreign else checkpoint.compare_data(command, settings):
        warn(line)
    batch_size = checkpoint.content.get("datamodule_hyper_parameters", {}).get("batch_size")
    searched = command == "fit" and batch_size is not None and has_callback(options.trainer, BatchSizeFinder)
    if searched and "batch_size" in settings:
        settings.batch_size = batch_size
    options.model = Namespace(class_path=checkpoint.class_path, init_args=Namespace(checkpoint.hyper_parameters))
    options.ckpt_path = str(path)
    return checkpoint


def refuse_custom_class(checkpoint: Checkpoint, options: Namespace) -> None:
    """Refuse a custom network whose class the options do not name: to import it is to run code."""
    if options.model is None and not checkpoint.is_builtin:
        checkpoint.refuse(f"holds a {checkpoint.class_path}: name it with --model {checkpoint.class_path}")


def compare_network(checkpoint: Checkpoint, options: Namespace, asked: Mapping[str, Any], given: set[str]) -> None:
    """Compare the network of a checkpoint with the one in the options, and warn of settings in a config that differ.

    See `Checkpoint.compare_settings` for `asked`, `given` and the errors.
    """
    for setting, value in checkpoint.compare_settings(options.model.class_path, asked, given).items():
        if options.config:  # else it is a default of the class
            warn(f"{shown(checkpoint.path)} was made with {setting} {value}, which is used, whatever the config says")


def has_callback(trainer: Namespace, kind: type[Callback]) -> bool:
    """Whether the options of the Trainer name this callback."""
    return any(is_a(one, kind) for one in callbacks_of(trainer))


def callbacks_of(trainer: Namespace) -> list[Namespace]:
    """The callbacks among the options of the Trainer."""
    return [one for one in as_list(trainer.callbacks) if isinstance(one, Namespace)]


def as_list(value: Any) -> list[Any]:
    """What may be one, several or none, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]
