"""A custom optimizer and schedule, named on the command line or in a config, in place of the network's own."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import LightningModule
from lightning.pytorch.callbacks import LearningRateFinder
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, instantiate_class
from torch.optim import Optimizer

from digits.argv import given_settings
from digits.errors import InputError
from digits.options.meaning import has_callback

OWN = ("lr", "weight_decay")  # settings of the network's own optimizer


def add_options(parser: LightningArgumentParser) -> None:
    """Add --optimizer and --lr_scheduler, as those of any LightningCLI."""
    parser.add_optimizer_args((Optimizer,))
    parser.add_lr_scheduler_args()


def check_options(argv: Sequence[str], options: Namespace) -> None:
    """Raise an InputError for options that another optimizer, or none, makes meaningless.

    Args:
        argv: the arguments of the command line.
        options: what they mean.
    """
    if options.optimizer is None:
        if options.lr_scheduler is not None:
            raise InputError("--lr_scheduler needs --optimizer: the network's own has a schedule")
        return
    if needless := sorted(given_settings(argv, "model") & {*OWN}):
        raise InputError(f"--model.{needless[0]} is of the network's own optimizer: give --optimizer.{needless[0]}")
    if has_callback(options.trainer, LearningRateFinder):
        raise InputError("LearningRateFinder finds a rate for the network's own optimizer: leave out --optimizer")


def use_optimizer(network: LightningModule, optimizer: Namespace | None, lr_scheduler: Namespace | None) -> None:
    """Let a network be trained by another optimizer than its own.

    Args:
        network: to be trained; its parameters may change until training begins.
        optimizer: class_path and init_args; None leaves the network its own.
        lr_scheduler: the same of a schedule, or None.
    """
    if optimizer is not None:
        made: Any = partial(configure, network, optimizer, lr_scheduler)
        network.configure_optimizers = made  # type: ignore[method-assign]


def configure(network: LightningModule, optimizer: Any, lr_scheduler: Any) -> Any:
    """What `configure_optimizers` returns."""
    own = instantiate_class(network.parameters(), optimizer)
    schedule = None if lr_scheduler is None else instantiate_class(own, lr_scheduler)
    return LightningCLI.configure_optimizers(network, own, schedule)
