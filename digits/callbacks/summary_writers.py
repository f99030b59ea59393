"""TensorBoard's writers of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger

NO_CHARTS = ("epoch", "test/images")  # Lightning logs the epoch with every figure


class RunLogger(TensorBoardLogger):
    """A TensorBoardLogger without the scalars that would make meaningless charts."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log metrics."""
        super().log_metrics({name: value for name, value in metrics.items() if name not in NO_CHARTS}, step)


def run_logger(run: Path, command: str) -> RunLogger:
    """A logger into the folder of a run, where the files of each command but `fit` end with its name."""
    suffix = "" if command == "fit" else f".{command}"  # what `RewindTensorBoard` may not touch
    return RunLogger(run.parent.parent, run.parent.name, run.name, default_hp_metric=False, filename_suffix=suffix)


def summary_writers(trainer: Trainer) -> list[Any]:
    """The SummaryWriters of this run, if this process is the one that writes; none with other loggers."""
    loggers = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
    return [logger.experiment for logger in loggers] if trainer.is_global_zero else []
