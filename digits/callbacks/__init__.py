"""What happens around the steps: checkpoints, files, pictures, what the terminal shows."""

from pathlib import Path

from lightning.pytorch import Callback
from lightning.pytorch.callbacks import LearningRateMonitor

from digits.callbacks.before_after import BeforeAfter
from digits.callbacks.calibration import Calibration
from digits.callbacks.checkpoints import CheckpointFiles, RunCheckpoint
from digits.callbacks.distillation import Distillation
from digits.callbacks.epochs import Epochs
from digits.callbacks.finite import FiniteLoss
from digits.callbacks.hparams import HParams
from digits.callbacks.interruption import RewindTensorBoard, SameOptimizer, StopAtStep
from digits.callbacks.monitors import Monitors
from digits.callbacks.plots import PlotWriter
from digits.callbacks.predictions import PredictionWriter
from digits.callbacks.projector import Projector
from digits.callbacks.report import Report
from digits.callbacks.start_from import StartFrom
from digits.callbacks.summary import ConfigWriter, FitSummary, summarize
from digits.callbacks.tensorboard import TensorBoardPages
from digits.callbacks.terminal import ProgressBar
from digits.callbacks.trained_images import TrainedImages

__all__ = [
    "BeforeAfter",
    "Calibration",
    "CheckpointFiles",
    "ConfigWriter",
    "Distillation",
    "Epochs",
    "FiniteLoss",
    "FitSummary",
    "HParams",
    "Monitors",
    "PlotWriter",
    "PredictionWriter",
    "ProgressBar",
    "Projector",
    "Report",
    "RewindTensorBoard",
    "RunCheckpoint",
    "SameOptimizer",
    "StartFrom",
    "StopAtStep",
    "TensorBoardPages",
    "TrainedImages",
    "default_callbacks",
    "summarize",
]


def default_callbacks(
    folder: Path | None,
    checkpoint: str = "",
    next_command: str = "",
    to_resume: str = "",
    *,
    checkpoints: bool = True,
    validates: bool = True,
    logs: bool = True,
    pictures: bool = True,
    layers: bool = True,
    progress_bar: bool = True,
) -> list[Callback]:
    """The callbacks of every command: each acts in the stages that it has hooks for.

    Args:
        folder: of the run; None where nothing is kept.
        checkpoint: the name of the file that is tested.
        next_command: what `fit` says is to be done next.
        to_resume: the command that goes on where `fit` was stopped.
        checkpoints: save the best epoch and the last.
        validates: there is something to validate on, so that there is a best epoch.
        logs: there is a logger.
        pictures: draw pictures and TensorBoard's pages.
        layers: print the layers of the network before training.
        progress_bar: show one.
    """
    last = [RunCheckpoint("last")] if checkpoints else []
    best = [RunCheckpoint("best", "val/accuracy")] if checkpoints and validates else []
    return [
        *([ProgressBar()] if progress_bar else []),
        Monitors(validates),
        FitSummary(next_command, to_resume, layers),
        TrainedImages(),
        Report(checkpoint),
        Epochs(),
        *([PlotWriter(), TensorBoardPages(), Projector()] if pictures else []),
        FiniteLoss(),
        Calibration(),
        *([HParams(), LearningRateMonitor("step")] if logs else []),
        *([RewindTensorBoard(folder)] if folder is not None and checkpoints else []),
        SameOptimizer(),
        StopAtStep(to_resume if checkpoints else None),
        *best,
        *last,
    ]
