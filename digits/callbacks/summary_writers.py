"""TensorBoard's writers of a run."""

from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger


def summary_writers(trainer: Trainer) -> list[Any]:
    """The SummaryWriters of this run, if this process is the one that writes; none with other loggers."""
    loggers = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
    return [logger.experiment for logger in loggers] if trainer.is_global_zero else []
