"""The networks, each a LightningModule, and what they share.

Shapes: N images, C channels, H rows, W columns. Every network takes normalised images, (N, 1, 28, 28) float32, and
returns logits, (N, 10).
"""

import inspect
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from digits.data.base import Batch, DigitsDataModule
from digits.errors import InputError
from digits.metrics import Scores
from digits.performance import Dropout, MaxPool2d

CLASSES = 10


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
        self.planned: int | None = None  # steps of the schedule that is resumed
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
        logits = self.calibrated(images)
        self.test_scores.update(logits, labels)
        return logits

    def on_test_epoch_end(self) -> None:
        self._log_scores("test", self.test_scores)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the probabilities of the classes, (N, 10) float32, each row summing to 1."""
        images, _ = batch
        return self.calibrated(images).softmax(dim=1)

    def calibrated(self, images: Tensor) -> Tensor:
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
        if self.planned not in (None, steps):
            raise InputError(
                f"the learning rate of the run to resume was planned for {self.planned:,} steps, but these options "
                f"make {steps:,}: give the run's own --trainer.max_epochs and --data.batch_size, or start a new run"
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
        self.planned = checkpoint["lr_schedulers"][0]["total_steps"]

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


class MLP(Classifier):
    """A multilayer perceptron on the flattened image.

    With one hidden layer of 784 units, the baseline of the widespread Keras tutorial on MNIST (623,290 parameters);
    with two of 128, its smaller sibling (118,282).

    Args:
        hidden: units of each hidden layer.
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, hidden: list[int] = [784], lr: float = 2e-3, **training: Any) -> None:  # noqa: B006
        super().__init__(lr, **training)
        if min(hidden, default=1) < 1:
            raise InputError(f"--model.hidden must be numbers of units from 1, got {hidden}")
        widths = [28 * 28, *hidden]
        self.layers = nn.Sequential(
            nn.Flatten(),
            *[layer for n, m in pairwise(widths) for layer in (nn.Linear(n, m), nn.ReLU())],
            nn.Linear(widths[-1], CLASSES),
        )


class SmallCNN(Classifier):
    """One convolution, 592,074 parameters: the simple CNN of the Keras tutorial.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 3e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 5),  # (N, 32, 24, 24)
            MaxPool2d(),  # (N, 32, 12, 12)
            nn.Flatten(),  # first, so that what follows has one layout in memory, forwards and backwards
            nn.ReLU(),
            Dropout(0.2),
            nn.Linear(32 * 12 * 12, 128),
            nn.ReLU(),
            nn.Linear(128, CLASSES),
        )


class LargeCNN(Classifier):
    """Two convolutions, 59,933 parameters: the larger CNN of the Keras tutorial.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 5e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 30, 5),  # (N, 30, 24, 24)
            *pool_relu(),  # (N, 30, 12, 12)
            nn.Conv2d(30, 15, 3),  # (N, 15, 10, 10)
            *pool_relu(),  # (N, 15, 5, 5)
            Dropout(0.2),
            nn.Flatten(),
            nn.Linear(15 * 5 * 5, 128),
            nn.ReLU(),
            nn.Linear(128, 50),
            nn.ReLU(),
            nn.Linear(50, CLASSES),
        )


class KaggleCNN(Classifier):
    """Four convolutions, 887,530 parameters: Yassine Ghouzam's kernel for Kaggle's Digit Recognizer (2017).

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 1e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding="same"),  # (N, 32, 28, 28)
            nn.ReLU(),
            nn.Conv2d(32, 32, 5, padding="same"),
            *pool_relu(),  # (N, 32, 14, 14)
            Dropout(0.25),
            nn.Conv2d(32, 64, 3, padding="same"),  # (N, 64, 14, 14)
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding="same"),
            *pool_relu(),  # (N, 64, 7, 7)
            Dropout(0.25),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 256),
            nn.ReLU(),
            Dropout(0.5),
            nn.Linear(256, CLASSES),
        )


class BatchNormCNN(Classifier):
    """Four convolutions with batch normalisation (Ioffe and Szegedy, 2015), 226,186 parameters.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 5e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3),  # (N, 16, 26, 26)
            nn.BatchNorm2d(16),
            *pool_relu(),  # (N, 16, 13, 13)
            nn.Conv2d(16, 64, 3),  # (N, 64, 11, 11)
            nn.BatchNorm2d(64),
            *pool_relu(),  # (N, 64, 5, 5)
            nn.Conv2d(64, 128, 2),  # (N, 128, 4, 4)
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 128, 3),  # (N, 128, 2, 2)
            nn.BatchNorm2d(128),
            *pool_relu(),  # (N, 128, 1, 1)
            nn.Flatten(),
            nn.Linear(128, 256),
            nn.ReLU(),
            Dropout(0.2),
            nn.Linear(256, CLASSES),
        )


class DeepCNN(Classifier):
    """Six convolutions with batch normalisation, 576,106 parameters: as few errors as can be had in half an hour.

    The first convolution is followed by pooling at once, because on a CPU the large images are most of the time.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 4e-3, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = nn.Sequential(
            *conv(1, 32, 5),  # (N, 32, 24, 24)
            MaxPool2d(),
            *conv(32, 64, 3, padding=1),  # (N, 64, 12, 12)
            *conv(64, 64, 3, padding=1),
            MaxPool2d(),
            Dropout(0.15),
            *conv(64, 128, 3, padding=1),  # (N, 128, 6, 6)
            *conv(128, 128, 3, padding=1),
            MaxPool2d(),
            Dropout(0.15),
            *conv(128, 256, 3),  # (N, 256, 1, 1)
            nn.Flatten(),
            Dropout(0.3),
            nn.Linear(256, CLASSES),
        )


class FastCNN(Classifier):
    """Three convolutions, the first with stride 2, 29,610 parameters: 99% in as little time as can be had on a CPU.

    Args:
        lr: the highest learning rate of the one-cycle schedule.
        training: what all networks share; see Classifier.
    """

    def __init__(self, lr: float = 1e-2, **training: Any) -> None:
        super().__init__(lr, **training)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 6, stride=2, bias=False),  # (N, 16, 12, 12)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, bias=False),  # (N, 32, 10, 10)
            MaxPool2d(),  # (N, 32, 5, 5)
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, bias=False),  # (N, 64, 3, 3)
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 3 * 3, CLASSES),
        )


def log_mean(logits: Sequence[Tensor]) -> Tensor:
    """Logits, each (N, K), to the logarithm of the mean of their probabilities, (N, K)."""
    return torch.stack([one.log_softmax(dim=1) for one in logits]).logsumexp(dim=0) - math.log(len(logits))


def conv(channels: int, filters: int, size: int, padding: int = 0) -> list[nn.Module]:
    """A convolution with batch normalisation and ReLU."""
    return [nn.Conv2d(channels, filters, size, padding=padding, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]


def pool_relu() -> list[nn.Module]:
    """Halve height and width. Pooling first gives the same as ReLU first, for a quarter of the ReLU's work."""
    return [MaxPool2d(), nn.ReLU()]
