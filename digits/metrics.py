"""What is counted about predictions."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

BINS = 15  # of confidence, for the expected calibration error
WIDE = torch.float32 if torch.backends.mps.is_available() else torch.float64  # Apple's GPUs have no float64


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
        self.add_state("loss_sum", torch.tensor(0.0, dtype=WIDE), dist_reduce_fx="sum")
        self.add_state("correct", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("images", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, logits: Tensor, labels: Tensor, loss: Tensor | None = None) -> None:
        """Count one batch.

        Args:
            logits: (N, classes), float.
            labels: (N,), int64.
            loss: the mean cross-entropy of the batch, if it is known already.
        """
        if self.loss_sum.dtype != WIDE:  # --trainer.precision bf16-true makes it narrow
            self.loss_sum = self.loss_sum.to(WIDE)
        if loss is None:
            self.loss_sum.add_(F.cross_entropy(logits.float(), labels, reduction="sum"))  # 0 of an empty batch
        else:
            self.loss_sum.add_(loss.detach(), alpha=len(labels))
        self.correct.add_((logits.argmax(dim=1) == labels).sum())
        self.images.add_(len(labels))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Copy the states: what another process sends, as under ddp_spawn, lies in memory that both would add to."""
        super().__setstate__(state)
        for name in self._defaults:
            setattr(self, name, getattr(self, name).clone())

    def reset(self) -> None:
        """Begin anew, with ordinary tensors also in the inference mode of `trainer.validate`, as `fit` may follow."""
        with torch.inference_mode(False):
            super().reset()

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


class OutcomeMetric(Metric):
    """What a network said about each image, over all processes, in the order of the data."""

    full_state_update = False
    logits: list[Tensor]
    labels: list[Tensor]
    indices: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        for name in ("logits", "labels", "indices"):
            self.add_state(name, [], dist_reduce_fx="cat")

    def update(self, logits: Tensor, labels: Tensor, indices: Tensor) -> None:
        """Keep one batch: (N, K) float, (N,) and (N,) int64."""
        self.logits.append(logits.detach().float())
        self.labels.append(labels)
        self.indices.append(indices)

    def compute(self) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, (N, K) float32, labels and indices, (N,) int64, on the CPU, the indices ascending."""
        logits, labels, indices = (dim_zero_cat(state).cpu() for state in (self.logits, self.labels, self.indices))
        order = indices.argsort()
        return logits[order], labels[order], indices[order]


def digit_loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """The mean cross-entropy of a batch that may hold non-digits, for which all classes are to be equally likely.

    Args:
        logits: (N, K), float.
        labels: (N,), int64, 0 to K - 1, or -1 of what is no digit.
        smoothing: the share of each label that is spread over all classes; for a non-digit, it is 1.

    Returns:
        A scalar.
    """
    doubted = labels < 0
    known = F.cross_entropy(logits, labels, label_smoothing=smoothing, ignore_index=-1, reduction="sum")
    return (known - logits[doubted].log_softmax(dim=1).mean(dim=1).sum()) / len(labels)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T for which the softmax of `logits / T` has the least cross-entropy (Guo et al., 2017).

    Args:
        logits: (N, K), float.
        labels: (N,), int64.

    Returns:
        From 0.1 to 10, to within 1%.
    """

    def loss(log_temperature: float) -> float:
        return F.cross_entropy(logits / math.exp(log_temperature), labels).item()

    # Cross-entropy is convex in 1 / T, so it has one valley.
    bounds = math.log(0.1), math.log(10)
    return math.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 0.005}).x)
