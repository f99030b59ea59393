"""What a network said about each image: kept for the callbacks that draw it, count it or fit something to it."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from digits.data.dataset import Batch
from digits.errors import InputError
from digits.metrics import OutcomeMetric


class OutcomeCollector(Callback):
    """A callback that uses the outcome of every image that is validated or tested, over all processes.

    The first of a trainer's keeps them for all. The step has to return the logits, (N, K); of several loaders, only the
    first counts.
    """

    def __init__(self) -> None:
        self.outcomes = OutcomeMetric()
        self.is_first = True

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        first = next(one for one in trainer.callbacks if isinstance(one, OutcomeCollector))  # type: ignore[attr-defined]
        self.outcomes, self.is_first = first.outcomes, first is self

    def keep(self, logits: Any, batch: Any) -> None:
        """Keep one batch that was scored, if what its step returned are logits."""
        if isinstance(batch, list | tuple) and len(batch) > 1:  # of a custom loader, which goes in order
            batch = Batch(batch[0], batch[1], torch.arange(len(batch[0])) + sum(map(len, self.outcomes.labels)))
        if isinstance(batch, Batch) and is_one_each(logits, batch.labels, dimensions=2):
            self.outcomes.update(logits, batch.labels, batch.indices.to(batch.labels.device))

    def collected(self) -> tuple[Tensor, Tensor, Tensor] | None:
        """Logits, labels and indices of all images, see `OutcomeMetric`; None where there are none."""
        if not self.outcomes.update_called:
            return None
        logits, labels, indices = self.outcomes.compute()  # of a single image torchmetrics makes scalars
        return (logits, labels.reshape(-1), indices.reshape(-1)) if labels.numel() else None

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.is_first:
            self.outcomes.to(pl_module.device).reset()

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self.is_first and dataloader_idx == 0:
            self.keep(outputs, batch)

    on_test_epoch_start = on_validation_epoch_start
    on_test_batch_end = on_validation_batch_end


def is_one_each(outputs: Any, labels: Any, dimensions: int) -> bool:
    """Whether a step returned a tensor of so many dimensions, whose first goes over the images."""
    return isinstance(outputs, Tensor) and outputs.ndim == dimensions and len(outputs) == len(labels)


def predicted(outputs: Any, images: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """What predict_step returned for N images: classes, (N,), and probabilities, (N, K), NaN where it gave classes.

    Raises:
        InputError: it is neither.
    """
    if is_one_each(outputs, images, 2):
        return outputs.argmax(dim=1).cpu(), outputs.float().cpu()
    if is_one_each(outputs, images, 1) and not outputs.is_floating_point():
        return outputs.cpu(), torch.full((len(outputs), number), torch.nan)
    raise InputError("predict_step must return probabilities, (N, K), or classes, (N,), for each batch of N images")


def classes_of(trainer: Trainer) -> Sequence[str]:
    """The names of the classes that the network tells apart."""
    return trainer.lightning_module.classes  # type: ignore[return-value]
