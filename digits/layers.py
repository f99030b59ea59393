"""The layers of the networks, plain torch that reads from top to bottom; `digits.models` trains them.

Shapes: N images, C channels, H rows, W columns. Each takes normalised images, (N, 1, 28, 28) float32, and returns
logits, (N, 10); for other classes than ten, `digits.head` replaces the last layer.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn

from digits.errors import InputError, check_number

CLASSES = 10


def mlp(hidden: list[int] = [784]) -> nn.Sequential:  # noqa: B006
    """The layers of a multilayer perceptron, with so many units in each hidden one."""
    if not isinstance(hidden, Sequence) or isinstance(hidden, str):
        raise InputError(f"--model.hidden must be a list of numbers, such as [128, 128], got {hidden!r}")
    for units in hidden:
        check_number("--model.hidden: each", units, least=1, whole=True)
    widths = [28 * 28, *hidden]
    return nn.Sequential(
        nn.Flatten(),
        *[layer for n, m in pairwise(widths) for layer in (nn.Linear(n, m), nn.ReLU())],
        nn.Linear(widths[-1], CLASSES),
    )


def small_cnn() -> nn.Sequential:
    """One convolution."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 5),  # (N, 32, 24, 24)
        nn.MaxPool2d(2),  # (N, 32, 12, 12)
        nn.Flatten(),  # first, so that what follows has one layout in memory, forwards and backwards
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(32 * 12 * 12, 128),
        nn.ReLU(),
        nn.Linear(128, CLASSES),
    )


def large_cnn() -> nn.Sequential:
    """Two convolutions."""
    return nn.Sequential(
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


def kaggle_cnn() -> nn.Sequential:
    """Four convolutions."""
    return nn.Sequential(
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


def batchnorm_cnn() -> nn.Sequential:
    """Four convolutions with batch normalisation."""
    return nn.Sequential(
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


def deep_cnn(width: float = 1.0) -> nn.Sequential:
    """Six convolutions with batch normalisation, with `width` times as many filters."""
    check_number("--model.width", width, least=0.01, most=32)
    first, second, third, last = (max(1, round(filters * width)) for filters in (32, 64, 128, 256))
    return nn.Sequential(
        *conv(1, first, 5),  # (N, 32, 24, 24)
        nn.MaxPool2d(2),
        *conv(first, second, 3, padding=1),  # (N, 64, 12, 12)
        *conv(second, second, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Dropout(0.15),
        *conv(second, third, 3, padding=1),  # (N, 128, 6, 6)
        *conv(third, third, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Dropout(0.15),
        *conv(third, last, 3),  # (N, 256, 1, 1)
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(last, CLASSES),
    )


def fast_cnn() -> nn.Sequential:
    """Three convolutions, the first with stride 2."""
    return nn.Sequential(
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


# By the names of the classes of `digits.models`, which stand in checkpoints.
LAYERS: dict[str, Callable[..., nn.Sequential]] = {
    "MLP": mlp,
    "SmallCNN": small_cnn,
    "LargeCNN": large_cnn,
    "KaggleCNN": kaggle_cnn,
    "BatchNormCNN": batchnorm_cnn,
    "DeepCNN": deep_cnn,
    "FastCNN": fast_cnn,
}
