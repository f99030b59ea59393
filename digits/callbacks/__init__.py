"""Outputs that are not scalars, and what the terminal shows."""

from digits.callbacks.calibration import Calibration
from digits.callbacks.dashboard import Dashboard
from digits.callbacks.epochs import Epochs
from digits.callbacks.finite import FiniteLoss
from digits.callbacks.hparams import HParams
from digits.callbacks.interruption import RewindTensorBoard, StopAtStep
from digits.callbacks.predictions import PredictionWriter
from digits.callbacks.report import Report
from digits.callbacks.terminal import ProgressBar, summarize

__all__ = [
    "Calibration",
    "Dashboard",
    "Epochs",
    "FiniteLoss",
    "HParams",
    "PredictionWriter",
    "ProgressBar",
    "Report",
    "RewindTensorBoard",
    "StopAtStep",
    "summarize",
]
