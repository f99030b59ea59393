"""Training that has gone wrong."""

import math
from collections.abc import Collection
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from digits.callbacks.epochs import learning_rate
from digits.checkpoint import not_finite
from digits.errors import InputError


class FiniteLoss(Callback):
    """Stop when the loss, or a weight, is no longer a finite number, before such a network is saved."""

    infinite: Collection[str] = ()  # from the start, as the mask of a transformer is

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.infinite = not_finite(pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any) -> None:
        loss: Tensor | None = outputs.get("loss")
        if loss is None:  # the network skipped this step
            return
        # To look at a number on a GPU is to wait for it.
        every = trainer.log_every_n_steps or 1  # type: ignore[attr-defined]
        if (loss.device.type == "cpu" or trainer.global_step % every == 0) and not math.isfinite(loss):
            self.stop(trainer, f"the loss is {loss.item()}")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if broken := next((name for name in not_finite(pl_module) if name not in self.infinite), None):
            self.stop(trainer, f"{broken} is not finite")

    def stop(self, trainer: Trainer, what: str) -> None:
        """End with an error that says where, and what to try."""
        rate = learning_rate(trainer) or math.nan
        option = "--optimizer.lr" if "configure_optimizers" in vars(trainer.lightning_module) else "--model.lr"
        kept = "the checkpoints of earlier epochs are kept" if trainer.current_epoch else "nothing was saved yet"
        raise InputError(
            f"{what} at step {trainer.global_step:,}, in epoch {trainer.current_epoch + 1}, learning rate {rate:.3g}: "
            f"try a lower {option}; {kept}"
        )
