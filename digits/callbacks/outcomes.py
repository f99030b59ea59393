"""What a network said about each image: kept for those who draw it, count it or learn from it."""

from collections.abc import Sequence
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from digits.data.dataset import Batch
from digits.metrics import OutcomeMetric


class OutcomeCollector(Callback):
    """A callback that keeps the outcome of every image that is validated or tested, over all processes."""

    def __init__(self) -> None:
        self.outcomes = OutcomeMetric()

    def start_scoring(self, pl_module: LightningModule) -> None:
        """Forget what was scored before."""
        self.outcomes.to(pl_module.device).reset()

    def keep(self, logits: Tensor, batch: Batch) -> None:
        """Keep one batch that was scored."""
        self.outcomes.update(logits, batch.labels, batch.indices.to(batch.labels.device))

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start_scoring(pl_module)

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, *args: Any
    ) -> None:
        self.keep(outputs, batch)

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start_scoring(pl_module)

    def on_test_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, *args: Any
    ) -> None:
        self.keep(outputs, batch)


def classes_of(trainer: Trainer) -> Sequence[str]:
    """The names of the classes that the network tells apart."""
    return trainer.lightning_module.classes  # type: ignore[return-value]
