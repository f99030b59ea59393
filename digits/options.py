"""What the options of a command mean together, and the commands that name a run again."""

import importlib
import inspect
import json
import math
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import BatchSizeFinder, LearningRateFinder

from digits import models
from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.config_files import run_name, shown_config
from digits.console import PROGRAM, shown, warn
from digits.data import CSVDataModule, MixedDataModule, MNISTDataModule
from digits.errors import InputError
from digits.runs import LOG_ROOT, PRETRAINED

MOST_DEVICES = 8  # for each core
LEAST = {"accumulate_grad_batches": 1, "check_val_every_n_epoch": 1, "gradient_clip_val": 0, "log_every_n_steps": 0}

TESTED_WITH = ("accelerator", "devices", "logger", "enable_progress_bar")  # the Trainer's options that a test shares


def refuse_options(command: str, options: Namespace, name: str) -> None:
    """Raise an InputError for options that can't do what they say."""
    seed = options.get("seed_everything", 0)
    if not isinstance(seed, bool) and not 0 <= seed < 1 << 32:
        raise InputError(f"--seed_everything must be from 0 to 4294967295, got {seed}")
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
    callbacks = options.trainer.callbacks
    for one in callbacks if isinstance(callbacks, list) else [callbacks]:
        settings = (one.get("init_args") or {}) if isinstance(one, Namespace) else {}
        defaults = inspect.signature(find_class(one.class_path)).parameters if settings else {}
        for setting, value in settings.items():
            known = setting in defaults and value is defaults[setting].default
            if (callable(value) and not known) or (one.class_path.endswith(".LambdaCallback") and value is not None):
                raise InputError(
                    f"trainer.callbacks: {one.class_path.rpartition('.')[2]}.{setting} is a function: write a Callback "
                    "in a file of your own, and name its class"
                )
    if options.trainer.barebones:
        raise InputError("--trainer.barebones is not supported: it disables logging and checkpoints")


def find_class(path: str) -> Any:
    """The class of an import path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def given_settings(argv: Sequence[str], group: str) -> set[str]:
    """The settings of "model" or "data" that stand on the command line itself."""
    return {match[1] for arg in argv if (match := re.match(rf"--{group}\.(?:init_args\.)?(\w+)", arg))}


def settings_of_network(argv: Sequence[str], options: Namespace) -> dict[str, Any]:
    """The settings of the network that a config or the command line asks for.

    What all networks share, such as the learning rate, may change in a config after training; it only counts where it
    stands on the command line itself.
    """
    asked = options.model.get("init_args") or {}
    shared = {*Classifier.__init__.__annotations__} - given_settings(argv, "model")
    return {key: value for key, value in asked.items() if key not in shared}


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
    if options.model is None and not checkpoint.is_builtin:  # importing runs: only what the user names
        checkpoint.refuse(f"holds a {checkpoint.class_path}: name it with --model {checkpoint.class_path}")
    if options.model is not None:
        given = given_settings(argv, "model")
        if is_searched(options, LearningRateFinder):
            given.discard("lr")  # the one that was found is used
        asked = settings_of_network(argv, options)
        for setting, value in checkpoint.compare_settings(options.model.class_path, asked, given).items():
            if options.config:  # else it is a default of the class
                warn(f"{shown(path)} was made with {setting} {value}, which is used, whatever the config says")
    if checkpoint.is_builtin:
        checkpoint.network()  # refuses what does not fit
    foreign = path == PRETRAINED and not options.data.class_path.endswith(f".{MNISTDataModule.__name__}")
    for line in () if foreign else checkpoint.compare_data(command, options.data.get("init_args") or {}):
        warn(line)
    batch_size = checkpoint.content.get("datamodule_hyper_parameters", {}).get("batch_size")
    if command == "fit" and batch_size is not None and is_searched(options, BatchSizeFinder):
        options.data.init_args.batch_size = batch_size
    options.model = Namespace(class_path=checkpoint.class_path, init_args=Namespace(checkpoint.hyper_parameters))
    options.ckpt_path = str(path)
    return checkpoint


def is_searched(options: Namespace, finder: type[Callback]) -> bool:
    """Whether the options name this callback, which looks for a setting before training."""
    callbacks = options.trainer.callbacks
    named = callbacks if isinstance(callbacks, list) else [callbacks]
    return any(isinstance(one, Namespace) and one.class_path.endswith(f".{finder.__name__}") for one in named)


class NextCommands:
    """Commands to print: each does what it says for this run, as it stands there.

    Args:
        argv: the arguments of this command, its name first.
        options: what they mean.
        name: of the run.
        run: its folder.
    """

    def __init__(self, argv: Sequence[str], options: Namespace, name: str, run: Path | None = None) -> None:
        self.argv = argv
        self.options = options
        self.name = name
        self.run = run

    @property
    def given(self) -> str:
        """The options that name runs like this one."""
        configs = [shown_config(path.relative) for path in self.options.config or []]
        options = [part for config in configs for part in ("--config", config)]
        if self.name != run_name(self.options) or not options:
            options += [f"--name={self.name}"] if self.name.startswith("-") else ["--name", self.name]
        if self.options.model is not None and any(arg.partition("=")[0] == "--model" for arg in self.argv):
            class_path = self.options.model.class_path
            if class_path.rpartition(".")[0] != models.__name__:  # importing runs: only what the user names
                options += ["--model", class_path]
        if (root := self.options.trainer.default_root_dir) is not None:
            options += ["--trainer.default_root_dir", str(root)]
        return shlex.join(options)

    def use(self, command: str, *data: str) -> str:
        """The command that uses the network of this run, on the same data or on other `data`."""
        return f"{PROGRAM} {command} {self.given} {shlex.join(data or group_options(self.argv, '--data'))}".strip()

    @property
    def next(self) -> str:
        """The command that says what the network of this run is worth, or, if `fit` does so itself, that uses it."""
        settings = self.options.data.get("init_args") or {}
        if self.options.data.class_path.endswith(f".{MixedDataModule.__name__}") and self.run is not None:
            return f"{PROGRAM} demo --ckpt_path {shlex.quote(shown(self.run))}"  # own images were trained on
        if not self.options.data.class_path.endswith(f".{CSVDataModule.__name__}"):
            return self.use("predict" if self.options.get("test") else "test")
        # Rows of one's own may be among the official test images.
        if settings.get("test") or settings.get("predict"):
            return self.use("test" if settings.get("test") else "predict")
        if settings.get("val_size"):
            return self.use("validate")
        form = [part for name in ("label", "transposed") for part in group_options(self.argv, f"--data.{name}")]
        return self.use("predict", "--data", "CSVDataModule", "--data.predict", str(settings.get("train")), *form)

    def test_after_fit(self, trainer: Trainer) -> list[str]:
        """The arguments of `test` for this run, if `fit --test true` asks for it; otherwise none.

        Raises:
            InputError: it can't be done when training is over.
        """
        if not self.options.get("test") or self.run is None:
            return []
        settings = self.options.data.get("init_args") or {}
        if self.options.data.class_path.endswith(f".{CSVDataModule.__name__}") and not settings.get("test"):
            raise InputError("--test true needs rows to test on: give --data.test FILE")
        if trainer.world_size > 1:
            raise InputError("--test true is of training in one process: run `digits test` when this one is over")
        if not trainer.checkpoint_callbacks:
            raise InputError("--test true needs a checkpoint: leave --trainer.enable_checkpointing true")
        data = {"class_path": self.options.data.class_path, "init_args": dict(settings)}
        model = self.options.model.class_path
        own = [] if model.rpartition(".")[0] == models.__name__ else ["--model", model]
        kept = ("--threads", "--fast", "--pictures", *(f"--trainer.{name}" for name in TESTED_WITH))
        same = [part for group in kept for part in group_options(self.argv, group)]
        run = ["--name", self.name, "--ckpt_path", str(self.run), *own]
        return ["test", *run, "--data", json.dumps(data, default=str), *same]

    @property
    def resume(self) -> str:
        """The command that goes on where this run was stopped."""
        rest = [short_config(arg) for arg in without_option(self.argv[1:], "--ckpt_path")]
        if self.options.trainer.max_time is not None:  # of which nothing may be left
            rest = [*without_option(rest, "--trainer.max_time"), "--trainer.max_time", "null"]
        last = "last" if self.run is None else shown(self.run)
        return f"{PROGRAM} fit {shlex.join([*rest, '--ckpt_path', last])}"


def group_options(argv: Sequence[str], group: str) -> list[str]:
    """The arguments of `argv` that are options of a group, such as --data.path, or one option, with their values."""
    found = []
    for i, arg in enumerate(argv):
        if re.match(rf"{group}[.=]|{group}$", arg):
            found.append(arg)
            if "=" not in arg and i + 1 < len(argv):
                found.append(argv[i + 1])
    return found


def short_config(arg: str) -> str:
    """An argument; if it is a config that comes with the package, by its name alone."""
    option, equals, path = arg.partition("=")
    return f"{option}={shown_config(path)}" if equals and option == "--config" else arg


def without_option(argv: Sequence[str], option: str) -> list[str]:
    """The arguments less one option and its value."""
    kept, skip = [], False
    for arg in argv:
        if not skip and arg != option and not arg.startswith(f"{option}="):
            kept.append(arg)
        skip = arg == option
    return kept
