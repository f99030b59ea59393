"""What a network said about each image: kept for those who draw it, count it or learn from it."""

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
