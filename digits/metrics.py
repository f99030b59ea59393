"""What is counted about predictions."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics import Metric


class Scores(Metric):
    """Mean cross-entropy, accuracy, error and number of images, from one update per batch.

    Its states are sums, so that batches of any size, on any number of processes, give the exact mean.
    """

    full_state_update = False
    loss_sum: Tensor
    correct: Tensor
    images: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("loss_sum", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("correct", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("images", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, logits: Tensor, labels: Tensor, loss: Tensor | None = None) -> None:
        """Count one batch.

        Args:
            logits: (N, classes), float.
            labels: (N,), int64.
            loss: the mean cross-entropy of the batch, if it is known already.
        """
        if loss is None:
            loss = F.cross_entropy(logits.float(), labels)
        self.loss_sum += loss.detach() * len(labels)
        self.correct += (logits.argmax(dim=1) == labels).sum()
        self.images += len(labels)

    def compute(self) -> dict[str, Tensor]:
        """Scalars `loss`, `accuracy` and `error` (0 to 1), and `images`, over all processes."""
        return self.local()

    def local(self) -> dict[str, Tensor]:
        """The same as `compute`, of this process alone."""
        accuracy = self.correct / self.images
        return {
            "loss": (self.loss_sum / self.images).float(),
            "accuracy": accuracy,
            "error": 1 - accuracy,
            "images": self.images.float(),
        }
