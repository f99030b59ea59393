"""What the terminal shows while a network trains."""

import sys
import time
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm
from torch import nn

from digits.models import Classifier


class ProgressBar(TQDMProgressBar):
    """Lightning's bar, with the mean loss and accuracy of the epoch so far, as Keras shows them.

    Where the output is no terminal but a file, it prints one line per epoch instead.
    """

    def __init__(self) -> None:
        super().__init__(refresh_rate=20 if sys.stdout.isatty() else 0, leave=True)
        self.epoch_start = 0.0
        self.validated = False  # in this epoch

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        if isinstance(pl_module, Classifier) and pl_module.train_scores.update_called:
            scores = pl_module.train_scores.local()
            shown = {"loss": f"{scores['loss']:.4f}", "accuracy": f"{scores['accuracy']:.2%}"}
        for name, form in {"loss": ".4f", "accuracy": ".2%"}.items():
            if self.validated and f"val/{name}" in trainer.callback_metrics:
                shown[f"val_{name}"] = format(float(trainer.callback_metrics[f"val/{name}"]), form)
        own = trainer.progress_bar_metrics.items()  # those that a step of one's own logs with `prog_bar`
        return {**shown, **{name: f"{value:.4g}" for name, value in own}}

    def on_train_start(self, *args: Any) -> None:
        self.epoch_start = time.monotonic()
        self.train_progress_bar = Tqdm(disable=True)  # each epoch makes its own, which stays as a line

    def on_train_epoch_start(self, trainer: Trainer, *args: Any) -> None:
        super().on_train_epoch_start(trainer, *args)
        self.epoch_start, self.validated = time.monotonic(), False
        if self.is_enabled:
            self.train_progress_bar.set_description(f"Epoch {trainer.current_epoch + 1}/{trainer.max_epochs}")

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_validation_start(trainer, pl_module)
        self.validated = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_epoch_end(trainer, pl_module)
        if not sys.stdout.isatty() and trainer.is_global_zero:
            scores = ", ".join(f"{name} {value}" for name, value in self.get_metrics(trainer, pl_module).items())
            seconds = time.monotonic() - self.epoch_start
            print(f"Epoch {trainer.current_epoch + 1}/{trainer.max_epochs}: {seconds:.1f} s, {scores}", flush=True)


def summarize(model: LightningModule) -> str:
    """A table of the layers of `model`: kind, shape of the output for N images, trainable parameters."""
    rows = []

    def count(parameters_of: nn.Module) -> int:
        return sum(p.numel() for p in parameters_of.parameters() if p.requires_grad)

    def note(layer: nn.Module, _: Any, output: torch.Tensor) -> None:
        shape = ", ".join(["N", *map(str, output.shape[1:])])
        rows.append((type(layer).__name__, f"({shape})", f"{count(layer):,}" if count(layer) else ""))

    layers = [layer for layer in model.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    training = model.training
    with torch.no_grad():
        model.eval()(torch.zeros(1, 1, 28, 28, device=model.device))
    model.train(training)
    for hook in hooks:
        hook.remove()
    rows.append(("trainable parameters", "", f"{count(model):,}"))
    return "\n".join([type(model).__name__, *(f"  {kind:<20}  {shape:<16}  {n:>9}" for kind, shape, n in rows)])
