"""What a network said about each image: kept for those who draw it, count it or learn from it."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, arange

from digits.metrics import Outcomes


class Scored(Callback):
    """A callback that keeps the outcome of every image that is validated or tested, over all processes."""

    def __init__(self) -> None:
        self.outcomes = Outcomes()
        self.seen = 0

    def start_scoring(self, pl_module: LightningModule) -> None:
        """Forget what was scored before."""
        self.outcomes.to(pl_module.device).reset()
        self.seen = 0

    def keep(self, trainer: Trainer, logits: Tensor, labels: Tensor) -> None:
        """Keep one batch that was scored; processes take images in turn."""
        places = arange(self.seen, self.seen + len(labels), device=labels.device)
        self.outcomes.update(logits, labels, places * trainer.world_size + trainer.global_rank)
        self.seen += len(labels)

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start_scoring(pl_module)

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        self.keep(trainer, outputs, batch[1])

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start_scoring(pl_module)

    def on_test_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        self.keep(trainer, outputs, batch[1])
