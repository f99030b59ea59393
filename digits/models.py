"""The networks, plain torch layers that read from top to bottom; `Classifier` trains and scores them.

Shapes: N images, C channels, H rows, W columns. Every network takes normalised images, (N, 1, 28, 28) float32, and
returns logits, (N, 10); for other classes than ten, `digits.head` replaces the last layer.
"""

from itertools import pairwise
from typing import Any

from torch import nn

from digits.classifier import Classifier as Classifier
from digits.errors import InputError

CLASSES = 10


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
            nn.MaxPool2d(2),  # (N, 32, 12, 12)
            nn.Flatten(),  # first, so that what follows has one layout in memory, forwards and backwards
            nn.ReLU(),
            nn.Dropout(0.2),
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
            nn.Dropout(0.2),
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
            nn.Dropout(0.25),
            nn.Conv2d(32, 64, 3, padding="same"),  # (N, 64, 14, 14)
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding="same"),
            *pool_relu(),  # (N, 64, 7, 7)
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 256),
            nn.ReLU(),
            nn.Dropout(0.5),
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
            nn.Dropout(0.2),
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
            nn.MaxPool2d(2),
            *conv(32, 64, 3, padding=1),  # (N, 64, 12, 12)
            *conv(64, 64, 3, padding=1),
            nn.MaxPool2d(2),
            nn.Dropout(0.15),
            *conv(64, 128, 3, padding=1),  # (N, 128, 6, 6)
            *conv(128, 128, 3, padding=1),
            nn.MaxPool2d(2),
            nn.Dropout(0.15),
            *conv(128, 256, 3),  # (N, 256, 1, 1)
            nn.Flatten(),
            nn.Dropout(0.3),
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
            nn.MaxPool2d(2),  # (N, 32, 5, 5)
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, bias=False),  # (N, 64, 3, 3)
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 3 * 3, CLASSES),
        )


def conv(channels: int, filters: int, size: int, padding: int = 0) -> list[nn.Module]:
    """A convolution with batch normalisation and ReLU."""
    return [nn.Conv2d(channels, filters, size, padding=padding, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]


def pool_relu() -> list[nn.Module]:
    """Halve height and width. Pooling first gives the same as ReLU first, for a quarter of the ReLU's work."""
    return [nn.MaxPool2d(2), nn.ReLU()]
