"""Classifier: everything about training and scoring a network but its layers.

Shapes: N images, C channels, H rows, W columns, K classes.
"""

import inspect
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from lightning.pytorch.callbacks import BatchSizeFinder, LearningRateFinder
from torch import Tensor, nn

from digits.console import fill, say
from digits.custom_batches import images_and_labels, images_of
from digits.errors import InputError, check_number
from digits.head import match_head, resize_head
from digits.hyperparameters import needless_arguments
from digits.metrics import Scores, digit_loss
from digits.network import Network, TrainedOn

FINDERS = (BatchSizeFinder, LearningRateFinder)


class Classifier(Network, LightningModule):
    """Trains and scores a network, and keeps how its images are scaled; a subclass only names the layers.

    The loss is cross-entropy; the optimiser AdamW (Loshchilov and Hutter, 2019) with the one-cycle schedule (Smith and
    Topin, 2018): the learning rate rises to `lr` and then falls to zero, step by step.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        weight_decay: of AdamW.
        label_smoothing: the share of each label that is spread over all classes in training (Szegedy et al., 2016).
    """

    __jit_unused_properties__: ClassVar = [  # type: ignore[misc]
        *LightningModule.__jit_unused_properties__,
        "classes",
        "trained_on",
    ]

    dtype, device = LightningModule.dtype, LightningModule.device  # type: ignore[assignment] # kept, not looked up

    def __init__(self, lr: float = 1e-3, weight_decay: float = 0.01, label_smoothing: float = 0.0) -> None:
        super().__init__()
        check_number("--model.lr", lr)
        check_number("--model.weight_decay", weight_decay)
        check_number("--model.label_smoothing", label_smoothing, most=1)
        self.save_hyperparameters(ignore=list(needless_arguments(self, inspect.currentframe())))
        self.lr = lr
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.resumed_total_steps: int | None = None  # of the schedule that is resumed
        self._planned_lr: float | None = None  # by the schedule of `configure_optimizers`
        self._is_searched = False
        self.train_scores, self.val_scores, self.test_scores = Scores(), Scores(), Scores()
        self.uncalibrated_scores = Scores()

    @property
    def trained_on(self) -> TrainedOn | None:
        """What is known of the training images: from the checkpoint, otherwise from the data it is trained on."""
        if self._trained_on is None:
            data: Any = getattr(self._trainer, "datamodule", None)
            if hasattr(data, "image_statistics"):
                return TrainedOn(*data.image_statistics)
        return self._trained_on

    @trained_on.setter
    def trained_on(self, value: TrainedOn | None) -> None:
        self._trained_on = value

    def match_classes(self) -> None:
        """Take another last layer where the images, or those it was trained on, have another number of classes."""
        if self.trained_on is None or (outputs := match_head(self, len(self.classes))) is None:
            return
        if not type(self).__module__.startswith("digits.") and self.trainer.state.fn == "fit":
            new = f"of {len(self.classes)} outputs in place of {outputs}"
            say(fill(f"{type(self).__name__} has a new last layer, {new}"))

    def setup(self, stage: str) -> None:
        if stage != "fit":
            self.match_classes()
            return
        classes = getattr(self.trainer.datamodule, "classes", None)  # type: ignore[attr-defined]
        if self._trained_on is not None and classes is not None and tuple(classes) != self._trained_on.classes:
            self._trained_on = None  # of an earlier fit
        self.match_classes()
        self._trained_on = self.trained_on  # also where it is scored on loaders, without these data

    def on_train_start(self) -> None:
        has_batch_norm = any(isinstance(layer, nn.BatchNorm2d) for layer in self.modules())
        train = getattr(self.trainer.datamodule, "train", None)  # type: ignore[attr-defined]
        if has_batch_norm and train is not None and len(train) < 2 * self.trainer.world_size:
            raise InputError("batch normalisation needs two training images on each process: give more of them")

    def on_train_epoch_start(self) -> None:
        if not self._planned_lr or self.lr == self._planned_lr:
            return
        ratio, self._planned_lr = self.lr / self._planned_lr, self.lr  # a callback has set another, as by `lr_find`
        for config in self.trainer.lr_scheduler_configs:
            scheduler: Any = config.scheduler
            if isinstance(scheduler, torch.optim.lr_scheduler.OneCycleLR):
                for group, lr in zip(scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=True):
                    planned = {name: group[name] for name in ("initial_lr", "max_lr", "min_lr")}
                    group |= {name: ratio * value for name, value in {**planned, "lr": lr}.items()}

    def training_step(self, batch: Sequence[Tensor], batch_idx: int) -> Tensor:
        images, labels = images_and_labels(batch, self, "training_step")
        logits = self.logits(images)
        soft_labels = getattr(batch, "soft_labels", None)
        if soft_labels is None and not getattr(batch, "has_non_digits", False):
            loss = F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
            self.train_scores.update(logits, labels, None if self.label_smoothing else loss)  # comparable to validation
            return loss
        self.train_scores.update(logits[labels >= 0], labels[labels >= 0])
        if soft_labels is not None:
            return F.cross_entropy(logits, soft_labels)
        return digit_loss(logits, labels, self.label_smoothing)

    def on_train_epoch_end(self) -> None:
        self._log_scores("train", self.train_scores)

    def validation_step(self, batch: Sequence[Tensor], batch_idx: int) -> Tensor:
        """Return the logits, (N, K) float32, for callbacks; in training, before the temperature is fitted to them."""
        images, labels = images_and_labels(batch, self, "validation_step")
        if self.trainer.state.fn != "fit":
            return self._score(images, labels, self.val_scores)
        logits = self.full_precision_logits(self.normalize_images(images))
        self.val_scores.update(logits, labels)
        return logits

    def on_validation_epoch_end(self) -> None:
        self._log_scores("val", self.val_scores)

    def test_step(self, batch: Sequence[Tensor], batch_idx: int) -> Tensor:
        """Return the logits, (N, K) float32, for callbacks."""
        images, labels = images_and_labels(batch, self, "test_step")
        return self._score(images, labels, self.test_scores)

    def on_test_epoch_end(self) -> None:
        self._log_scores("test", self.test_scores)

    def predict_step(self, batch: Sequence[Tensor], batch_idx: int) -> Tensor:
        """Return the probabilities of the classes, (N, K) float32, each row summing to 1."""
        return self.eval_logits(images_of(batch)).softmax(dim=1)

    def on_fit_start(self) -> None:
        if self._is_to_be_searched():  # and was: callbacks come first
            self._is_searched = True
            for one in (self, self.trainer.datamodule):  # type: ignore[attr-defined]
                if one is not None:
                    one.save_hyperparameters(dict(one.hparams))  # with what was found, for the loggers
            self.trainer.strategy.setup_optimizers(self.trainer)

    def on_fit_end(self) -> None:
        self._is_searched = False

    def _is_to_be_searched(self) -> bool:
        """Whether a callback looks for a learning rate or a batch size, after which the schedule is to be planned."""
        callbacks = self.trainer.callbacks  # type: ignore[attr-defined]
        return not self._is_searched and any(isinstance(one, FINDERS) for one in callbacks)

    def configure_optimizers(self) -> Any:
        # In mixed precision, Lightning clips no gradients of a fused optimizer.
        clips = type(self).configure_gradient_clipping is not LightningModule.configure_gradient_clipping
        fused = self.trainer.gradient_clip_val is None and self.automatic_optimization and not clips
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=self.weight_decay, fused=fused)
        if self._is_to_be_searched():
            return optimizer
        if not 0 < self.trainer.estimated_stepping_batches < math.inf:  # -1 where a loader has no length
            raise InputError("OneCycleLR needs a finite length: set --trainer.max_epochs or --trainer.max_steps")
        steps = int(self.trainer.estimated_stepping_batches)
        if self.trainer.ckpt_path and self.resumed_total_steps not in (None, steps):
            raise InputError(
                f"the learning rate of the run to resume was planned for {self.resumed_total_steps:,} steps, but these "
                f"options make {steps:,}: give the run's own --trainer.max_epochs and --data.batch_size, or start a "
                "new run"
            )
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=self.lr, total_steps=steps)
        self._planned_lr = self.lr
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["class_path"] = f"{type(self).__module__}.{type(self).__qualname__}"
        checkpoint.setdefault("hyper_parameters", {})  # which Lightning leaves out where there are none
        checkpoint["temperature"] = self.temperature
        checkpoint["second_look"] = self.second_look
        checkpoint["doubt"] = self.doubt._asdict()
        if known := self.trained_on:
            checkpoint["data"] = {**known._asdict(), "classes": list(known.classes)}
        with self.train_scores.sync_context():  # of the epoch so far, over all processes
            checkpoint["train_scores"] = {k: v.cpu() for k, v in self.train_scores.metric_state.items()}  # type: ignore[union-attr]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        resize_head(self, checkpoint["state_dict"])
        self.restore(checkpoint)
        if self._trainer is None or self.trainer.state.fn != "fit":
            return
        if self.global_rank == 0:
            for name, value in checkpoint.get("train_scores", {}).items():
                setattr(self.train_scores, name, value.to(self.device))  # a search restores it on its GPU
        schedulers = checkpoint.get("lr_schedulers") or [{}]  # a subclass may have another schedule, or none
        self.resumed_total_steps = schedulers[0].get("total_steps")

    def _score(self, images: Tensor, labels: Tensor, scores: Scores) -> Tensor:
        logits = self.eval_logits(images)
        scores.update(logits, labels)
        if self.temperature != 1 and not self.tta and not self.second_look:
            self.uncalibrated_scores.update(logits * self.temperature, labels)
        return logits

    def _log_scores(self, stage: str, scores: Scores) -> None:
        if not scores.update_called:
            return  # a subclass scores in its own way
        values = {f"{stage}/{name}": value for name, value in scores.compute().items()}
        if self.uncalibrated_scores.update_called:  # its loss is that of the validation in training
            values[f"{stage}/loss_before_calibration"] = self.uncalibrated_scores.compute()["loss"]
            self.uncalibrated_scores.reset()
        # Lightning gives an epoch's figures to its loggers after the checkpoint is saved: a run that is killed in
        # between, and resumed, would lack them.
        # What trainer.validate and trainer.test return is what is logged in this way.
        evaluates = self.trainer.state.fn != "fit"
        self.log_dict(values, logger=evaluates, batch_size=1)  # as if it were one; they are whole already
        if not evaluates:
            figures = {name: float(value) for name, value in values.items() if not name.endswith("/images")}
            for logger in self.loggers:
                logger.log_metrics(figures, self.trainer.global_step)
                logger.save()
        scores.reset()
