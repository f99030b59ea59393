"""Outputs that are not scalars, and what the terminal shows."""

from digits.callbacks.dashboard import Dashboard
from digits.callbacks.hparams import HParams
from digits.callbacks.predictions import PredictionWriter
from digits.callbacks.report import ClassReport
from digits.callbacks.terminal import ProgressBar, summarize

__all__ = ["ClassReport", "Dashboard", "HParams", "PredictionWriter", "ProgressBar", "summarize"]
