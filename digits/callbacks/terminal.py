"""What the terminal shows while a network trains."""

import sys
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm
from lightning.pytorch.tuner import lr_finder
from torch import Tensor

from digits.classifier import Classifier
from digits.console import columns, highlight, is_terminal, say


class ProgressBar(TQDMProgressBar):
    """A line for each epoch, with the figures of training and validation, and below them Lightning's bar.

    Where the output is no terminal but a file, there is no bar.
    """

    BAR_FORMAT = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {remaining}{postfix}"

    def __init__(self) -> None:
        super().__init__(refresh_rate=20 if is_terminal() else 0)
        self.epoch_start = 0.0
        self.validated = False  # in this epoch
        self.best = 0.0  # validation accuracy

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
        scores = train_scores(pl_module)
        shown = {"loss": f"{scores['loss']:.3f}", "acc": f"{scores['accuracy']:.2%}"} if scores else {}
        return {**shown, **custom_metrics(trainer)}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        super().setup(trainer, pl_module, stage)
        search_bar = partial(lr_finder.tqdm, disable=not is_terminal(), leave=False)
        lr_finder.tqdm = search_bar  # a search for a learning rate brings a bar of its own

    # Bars that leave nothing: what stays are the lines.

    def init_train_tqdm(self) -> Tqdm:
        return transient(super().init_train_tqdm())

    def init_validation_tqdm(self) -> Tqdm:
        return transient(super().init_validation_tqdm())

    def init_test_tqdm(self) -> Tqdm:
        return transient(super().init_test_tqdm())

    def init_predict_tqdm(self) -> Tqdm:
        return transient(super().init_predict_tqdm())

    def on_train_start(self, trainer: Trainer, *args: Any) -> None:
        super().on_train_start(trainer, *args)
        self.on_train_epoch_start(trainer, *args)  # which Lightning leaves out where an epoch is resumed

    def on_train_epoch_start(self, trainer: Trainer, *args: Any) -> None:
        super().on_train_epoch_start(trainer, *args)
        self.epoch_start, self.validated = time.monotonic(), False
        self.train_progress_bar.set_description(epoch_of(trainer))

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_validation_start(trainer, pl_module)
        self.validated = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        scores, best = train_scores(pl_module), False
        metrics = {"loss": f"{scores['loss']:.4f}", "accuracy": f"{scores['accuracy']:.2%}"} if scores else {}
        logged = {name: float(value) for name, value in trainer.callback_metrics.items()} if self.validated else {}
        if "val/loss" in logged:
            metrics["val_loss"] = f"{logged['val/loss']:.4f}"
        if "val/accuracy" in logged:
            accuracy = logged["val/accuracy"]
            metrics["val_accuracy"] = f"{accuracy:.2%}"
            best, self.best = accuracy > self.best, max(accuracy, self.best)
        metrics |= custom_metrics(trainer)
        line = epoch_line(epoch_of(trainer), time.monotonic() - self.epoch_start, metrics, columns())
        say(highlight(line) if best else line)
        sys.stdout.flush()

    def on_exception(self, *args: Any) -> None:
        bars = self._train_progress_bar, self._val_progress_bar, self._test_progress_bar, self._predict_progress_bar
        for bar in bars:
            if bar is not None:
                bar.close()


def train_scores(model: LightningModule) -> dict[str, Tensor] | None:
    """Mean loss and accuracy of the epoch so far, on this process."""
    scores = model.train_scores if isinstance(model, Classifier) else None
    return scores.local() if scores is not None and scores.update_called else None


def custom_metrics(trainer: Trainer) -> dict[str, str]:
    """The metrics that a custom step logs with `prog_bar`."""
    return {name: f"{value:.4g}" for name, value in trainer.progress_bar_metrics.items()}


def transient(bar: Tqdm) -> Tqdm:
    """The same bar, which vanishes when it is over."""
    bar.leave = False
    return bar


def epoch_of(trainer: Trainer) -> str:
    """Such as "Epoch 3/10"."""
    return f"Epoch {trainer.current_epoch + 1}" + (f"/{trainer.max_epochs}" if (trainer.max_epochs or 0) > 0 else "")


def epoch_line(epoch: str, seconds: float, metrics: Mapping[str, str], width: int | None) -> str:
    """The figures of an epoch in a line shorter than `width` characters, abridged if need be; whole with None."""
    short = {name.replace("accuracy", "acc"): value for name, value in metrics.items()}
    shortest = {name: value for name, value in short.items() if name.endswith("acc")}
    lines = [
        f"{epoch}: {', '.join([f'{seconds:.1f} s', *(f'{name} {value}' for name, value in shown.items())])}"
        for shown in (metrics, short, shortest)
    ]
    return next((line for line in lines if width is None or len(line) < width), lines[-1])
