"""TensorBoard's writers of a run."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger

NO_CHARTS = ("epoch", "test/images")  # Lightning logs the epoch with every figure


class RunLogger(TensorBoardLogger):
    """A TensorBoardLogger without the scalars of which a chart would say nothing."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log metrics."""
        super().log_metrics({name: value for name, value in metrics.items() if name not in NO_CHARTS}, step)


def summary_writers(trainer: Trainer) -> list[Any]:
    """The SummaryWriters of this run, if this process is the one that writes; none with other loggers."""
    loggers = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
    return [logger.experiment for logger in loggers] if trainer.is_global_zero else []
