"""Classifier: everything about training and scoring a network but its layers.

Shapes: N images, C channels, H rows, W columns, K classes.
"""

import inspect
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from digits.data.base import Batch, DigitsDataModule
from digits.errors import InputError
from digits.metrics import Scores


class Classifier(LightningModule):
    """Everything about training and scoring a network; a subclass only names the layers.

    The loss is cross-entropy; the optimiser AdamW (Loshchilov and Hutter, 2019) with the one-cycle schedule (Smith and
    Topin, 2018): the learning rate rises to `lr` and then falls to zero, step by step.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        weight_decay: of AdamW.
        label_smoothing: the share of each label that is spread over all classes in training (Szegedy et al., 2016).
    """

    def __init__(self, lr: float = 1e-3, weight_decay: float = 0.01, label_smoothing: float = 0.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing <= 1:
            raise InputError(f"--model.label_smoothing must be from 0 to 1, got {label_smoothing}")
        for name, value in {"lr": lr, "weight_decay": weight_decay}.items():
            if not 0 <= value < math.inf:
                raise InputError(f"--model.{name} must be a number from 0, got {value}")
        known = inspect.signature(type(self)).parameters  # a subclass need not take all of these
        every = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
        own = inspect.signature(Classifier).parameters.keys()
        self.save_hyperparameters(ignore=[] if every else [name for name in own if name not in known])
        self.lr = lr
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.temperature = 1.0  # fitted on the validation images; see `digits.metrics.fit_temperature`
        self.tta = False  # test-time augmentation
        self.resumed_total_steps: int | None = None  # steps of the schedule that is resumed
        self.layers = nn.Sequential()
        self.train_scores, self.val_scores, self.test_scores = Scores(), Scores(), Scores()

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images, (N, 1, 28, 28) float32, to logits, (N, 10)."""
        return self.layers(images.to(self.dtype))  # --trainer.precision 64-true and the like change it

    def on_train_start(self) -> None:
        normalises = any(isinstance(layer, nn.BatchNorm2d) for layer in self.modules())
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if normalises and isinstance(data, DigitsDataModule) and len(data.train) < 2 * self.trainer.world_size:
            raise InputError("batch normalisation needs two training images on each process: give more of them")

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        images, labels = batch
        logits = self(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        self.train_scores.update(logits, labels, None if self.label_smoothing else loss)  # comparable to validation
        return loss

    def on_train_epoch_end(self) -> None:
        self._log_scores("train", self.train_scores)

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        images, labels = batch
        logits = self(images)
        self.val_scores.update(logits, labels)
        return logits  # for callbacks

    def on_validation_epoch_end(self) -> None:
        self._log_scores("val", self.val_scores)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        images, labels = batch
        logits = self.eval_logits(images)
        self.test_scores.update(logits, labels)
        return logits

    def on_test_epoch_end(self) -> None:
        self._log_scores("test", self.test_scores)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the probabilities of the classes, (N, 10) float32, each row summing to 1."""
        images, _ = batch
        return self.eval_logits(images).softmax(dim=1)

    def eval_logits(self, images: Tensor) -> Tensor:
        """The logits that testing and predicting use: divided by the temperature, and with `tta` those of nine views.

        Args:
            images: normalised, (N, 1, 28, 28) float32.

        Returns:
            (N, 10) float32.
        """
        if not self.tta:
            return self(images).float() / self.temperature
        shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        return log_mean([self(images.roll(shift, (2, 3))).float() / self.temperature for shift in shifts])

    def configure_optimizers(self) -> Any:
        # In mixed precision, Lightning clips no gradients of a fused optimizer.
        fused = self.trainer.gradient_clip_val is None
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=self.weight_decay, fused=fused)
        if math.isinf(self.trainer.estimated_stepping_batches):
            raise InputError("the learning rate is planned to the end: give --trainer.max_epochs or max_steps")
        steps = int(self.trainer.estimated_stepping_batches)
        if self.resumed_total_steps not in (None, steps):
            raise InputError(
                f"the learning rate of the run to resume was planned for {self.resumed_total_steps:,} steps, but these "
                f"options make {steps:,}: give the run's own --trainer.max_epochs and --data.batch_size, or start "
                "a new run"
            )
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=self.lr, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["temperature"] = self.temperature
        with self.train_scores.sync_context():  # of the epoch so far, over all processes
            checkpoint["train_scores"] = {k: v.cpu() for k, v in self.train_scores.metric_state.items()}  # type: ignore[union-attr]
        checkpoint["class_path"] = f"{type(self).__module__}.{type(self).__qualname__}"
        data = getattr(self._trainer, "datamodule", None)
        if isinstance(data, DigitsDataModule):
            checkpoint["data"] = {"mean": data.mean, "std": data.std, "classes": list(data.classes)}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.temperature = checkpoint.get("temperature", 1.0)
        if self._trainer is None or self.trainer.state.fn != "fit":
            return
        if self.global_rank == 0:
            for name, value in checkpoint.get("train_scores", {}).items():
                setattr(self.train_scores, name, value)
        self.resumed_total_steps = checkpoint["lr_schedulers"][0]["total_steps"]

    def _log_scores(self, stage: str, scores: Scores) -> None:
        values = {f"{stage}/{name}": value for name, value in scores.compute().items()}
        # Lightning gives an epoch's figures to its loggers after the checkpoint is saved: a run that is killed in
        # between, and resumed, would lack them.
        self.log_dict(values, logger=stage == "test")
        if stage != "test":
            figures = {name: float(value) for name, value in values.items() if not name.endswith("/images")}
            for logger in self.loggers:
                logger.log_metrics(figures, self.trainer.global_step)
                logger.save()
        scores.reset()


def log_mean(logits: Sequence[Tensor]) -> Tensor:
    """Logits, each (N, K), to the logarithm of the mean of their probabilities, (N, K)."""
    return torch.stack([one.log_softmax(dim=1) for one in logits]).logsumexp(dim=0) - math.log(len(logits))
