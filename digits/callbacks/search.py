"""What Lightning's LearningRateFinder and BatchSizeFinder have found before training."""

from typing import Any

from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import BatchSizeFinder, LearningRateFinder


def found(one: Callback, trainer: Trainer) -> str | None:
    """What a callback has found, and which value training uses; None where it has not searched."""
    if isinstance(one, LearningRateFinder) and one.optimal_lr is not None:
        network: Any = trainer.lightning_module
        return f"LearningRateFinder: {found_lr(one.optimal_lr, network.lr, 'lr' in network.hparams)}"
    if isinstance(one, BatchSizeFinder) and one.optimal_batch_size is not None:
        return f"BatchSizeFinder: --data.{one._batch_arg_name} {one.optimal_batch_size}"
    return None


def found_lr(search: Any, used: float, is_option: bool) -> str:
    """What a search has found, and how far it came where it ended early: it goes no further than training.

    Args:
        search: Lightning's record of it.
        used: the learning rate that training uses, which is another with `update_attr false`.
        is_option: it can be given as --model.lr.
    """
    suggestion, tried, what = suggested_lr(search), search.results["lr"], "--model.lr" if is_option else "lr"
    early = len(tried) < search.num_training
    part = f" ({len(tried)} of {search.num_training} steps, up to {max(tried, default=0):.2g})" if early else ""
    if suggestion is None:
        return f"nothing found{part}, {what} stays {used}"
    return f"{what} {used}{part}" if suggestion == used else f"{suggestion} is suggested{part}, {what} stays {used}"


def suggested_lr(search: Any) -> float | None:
    """The learning rate that a search suggests, if any; where there is none, Lightning says why, once."""
    if not hasattr(search, "_optimal_idx"):
        return search.suggestion()
    return None if search._optimal_idx is None else search.results["lr"][search._optimal_idx]
