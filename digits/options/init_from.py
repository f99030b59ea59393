"""`digits fit --init_from`: training goes on from the weights of a checkpoint, on images of one's own or others."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EMAWeightAveraging, StochasticWeightAveraging, WeightAveraging

from digits.argv import given_settings, is_given
from digits.callbacks import BeforeAfter, StartFrom
from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.data import DigitsDataModule, ImageDataModule, MixedDataModule
from digits.errors import InputError
from digits.options.meaning import (
    callbacks_of,
    compare_network,
    has_callback,
    is_a,
    is_derived,
    path_of,
    refuse_custom_class,
)
from digits.runs import LOG_ROOT, SHIPPED, checkpoint_in, find_checkpoint
from digits.similar_names import did_you_mean

NAME = "fine_tuned"  # of the runs
LR = 1e-3  # the highest; networks are trained anew with 1e-3 to 1e-2
MNIST_SHARE = 0.75
DEFAULT_EPOCHS = 10  # of `fit` without --init_from
AVERAGING = (WeightAveraging, StochasticWeightAveraging)
# What own images are mixed, seen and trained with where nothing else is given.
EPOCHS = 1
BATCH_SIZE = 100
DECAY = 0.96  # of the running mean of the weights, over about 25 steps
AUGMENTATION = {"rotation": 10, "zoom": 0.1, "shift": 0.05, "shear": 0.1, "elastic": 0.01}


def add_options(parser: Any) -> None:
    """Add the options to the parser of `fit`."""
    parser.add_argument(
        "--init_from",
        type=str | None,
        default=None,
        help="Start from the weights of a checkpoint, a run's folder or name, or pretrained, at a low learning rate.",
    )
    parser.add_argument(
        "--mnist_share",
        type=float | None,
        default=None,
        help=f"With --init_from: mix MNIST's training images in, this share; by default {MNIST_SHARE} with pictures.",
    )


def start_from(argv: Sequence[str], options: Namespace) -> None:
    """Let `fit` do what --init_from says.

    Args:
        argv: the arguments of the command line.
        options: what they mean; name, model, data and trainer are changed.

    Raises:
        InputError: there is no such checkpoint, or its network is not the one to train.
    """
    if options.init_from is None:
        if options.mnist_share is not None:
            raise InputError("--mnist_share needs --init_from: the weights to start from, such as pretrained")
        return
    path = find_start(options.init_from, Path(options.trainer.default_root_dir or "."))
    checkpoint = Checkpoint.read(path)
    options.model = network_of(checkpoint, argv, options)
    if is_a(options.data, ImageDataModule) or options.mnist_share:
        mix(argv, options)
    source = options.init_from if options.init_from == SHIPPED else str(path)
    for kind in (StartFrom, BeforeAfter):
        add_callback(options.trainer, kind, checkpoint=source)
    if not options.config:
        options.name = options.name or NAME


def find_start(source: str, root: Path) -> Path:
    """The checkpoint that --init_from names: as for `find_checkpoint`, or the name of runs in `root`.

    Raises:
        InputError: there is none.
    """
    runs = root / LOG_ROOT
    if not source:
        raise InputError("--init_from is empty: give a checkpoint, the folder or the name of a run, or pretrained")
    is_run = (runs / source).is_dir()
    holds_none = Path(source).is_dir() and checkpoint_in(Path(source), "best") is None  # such as one of pictures
    if source == SHIPPED or (Path(source).exists() and not (is_run and holds_none)):
        return find_checkpoint(source)
    if is_run:
        return find_checkpoint(runs / source)
    names = [SHIPPED, *(path.name for path in runs.glob("*") if path.is_dir())]
    hint = did_you_mean(source, names) or ": give a checkpoint, the folder or the name of a run, or pretrained"
    raise InputError(f"--init_from {source}: there is no such file or run{hint}")


def network_of(checkpoint: Checkpoint, argv: Sequence[str], options: Namespace) -> Namespace:
    """The network of a checkpoint, as an option, with the settings of training that are asked for.

    Raises:
        InputError: another network is asked for, or a setting on the command line contradicts it.
    """
    refuse_custom_class(checkpoint, options)
    given = given_settings(argv, "model")
    asked: dict[str, Any] = {}
    shared = inspect.signature(Classifier).parameters
    if options.model is not None:
        asked = vars(options.model.get("init_args") or Namespace())
        if is_a(options.model, Classifier):
            asked = {name: value for name, value in asked.items() if name in given}  # its settings alone
        elif options.model.class_path != checkpoint.class_path:
            other = options.model.class_path.rpartition(".")[2]
            raise InputError(
                f"--init_from {options.init_from} holds a {checkpoint.class_name}, "
                f"but the network to train is a {other}: leave out --config and --model, or start from another"
            )
        else:
            settings = {name: value for name, value in asked.items() if name not in shared}  # those of its layers
            compare_network(checkpoint, options, settings, given)
    used = {**checkpoint.hyper_parameters, **{name: value for name, value in asked.items() if name in shared}}
    default = inspect.signature(resolve_name(checkpoint.class_path)).parameters.get("lr")
    repeated = has_callback(options.trainer, StartFrom)  # by the config.yaml of a run that was started in this way
    chosen = repeated or (not is_given(argv, "--init_from") and used.get("lr") != getattr(default, "default", None))
    if "lr" not in given and not chosen:
        used["lr"] = LR  # that of a config is for training anew, unless the config itself says --init_from
    return Namespace(class_path=checkpoint.class_path, init_args=Namespace(used))


def mix(argv: Sequence[str], options: Namespace) -> None:
    """Put a MixedDataModule in place of the own images, and a training of seconds in place of one of minutes."""
    defaults = {name: one.default for name, one in inspect.signature(DigitsDataModule).parameters.items()}
    given = given_settings(argv, "data")
    every = vars(options.data.get("init_args") or Namespace())
    shared = {name: every.get(name, default) for name, default in defaults.items()}
    own = {name: value for name, value in every.items() if name not in defaults}
    held_out = shared.pop("val_size")
    for name, value in {**AUGMENTATION, "batch_size": BATCH_SIZE}.items():
        if name not in given and shared[name] == defaults[name]:
            shared[name] = value
    settings = {
        "own": Namespace(class_path=options.data.class_path, init_args=Namespace(own)),
        "mnist_share": MNIST_SHARE if options.mnist_share is None else options.mnist_share,
        "held_out": None if held_out == defaults["val_size"] and "val_size" not in given else held_out,
    }
    options.data = Namespace(class_path=path_of(MixedDataModule), init_args=Namespace({**settings, **shared}))
    trainer = options.trainer
    if not any(is_derived(one, *AVERAGING) for one in callbacks_of(trainer)):
        add_callback(trainer, EMAWeightAveraging, decay=DECAY)
    chosen = not is_given(argv, "--init_from") and trainer.max_epochs != DEFAULT_EPOCHS
    if not is_given(argv, "--trainer.max_epochs") and trainer.max_steps == -1 and not chosen:
        trainer.max_epochs = EPOCHS
    if not is_given(argv, "--trainer.check_val_every_n_epoch") and (trainer.max_epochs or 0) > 1:
        trainer.check_val_every_n_epoch = trainer.max_epochs  # the best epoch on MNIST would be the first


def add_callback(trainer: Namespace, kind: type[Callback], **settings: Any) -> None:
    """Put a callback before those of the options, which may copy the network; a config of such a run has it already."""
    others = [one for one in callbacks_of(trainer) if not is_a(one, kind)]
    trainer.callbacks = [Namespace(class_path=path_of(kind), init_args=Namespace(settings)), *others]
