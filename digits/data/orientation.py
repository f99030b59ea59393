"""Whether digits lie on their side, as in EMNIST's files, rows in place of columns."""

import torch
from torch import Tensor

from digits.data import mnist
from digits.data.idx import read_idx

LEAST, MOST = 10, 500  # images that are looked at
TEMPLATES = 5000  # training images of MNIST that the mean of each digit is taken from
SIMILAR = 0.4  # correlation with a template that digits have in the mean
BETTER = 0.08  # by which it is higher for one direction; 20 of MNIST's digits in a row have at least 0.07


def lie_on_their_side(images: Tensor) -> bool:
    """Whether images, (N, 28, 28) uint8, show digits that lie on their side; False if they show something else."""
    images = images[torch.linspace(0, max(len(images) - 1, 0), min(len(images), MOST)).long()]
    ink = images > 64
    wide = ink.any(1).sum(1) > ink.any(2).sum(1)
    if len(images) < LEAST or wide.float().mean() < 0.4:  # upright digits are narrow, all but a tenth
        return False
    means = mean_digits()
    upright, lying = similarity(images, means), similarity(images.transpose(1, 2), means)
    return lying > SIMILAR and lying > upright + BETTER


def mean_digits() -> Tensor:
    """The mean of each digit in MNIST, (10, 28, 28) float32."""
    images, labels = (
        read_idx(mnist.BUNDLED / f"train-{kind}-ubyte.gz")[:TEMPLATES] for kind in ("images-idx3", "labels-idx1")
    )
    return torch.stack([images[labels == digit].float().mean(0) for digit in range(10)])


def similarity(images: Tensor, means: Tensor) -> float:
    """The mean correlation of images, (N, 28, 28), with that of the means, (K, 28, 28), that each is most like."""
    return float((standardize(images) @ standardize(means).T).max(dim=1).values.mean())


def standardize(images: Tensor) -> Tensor:
    """Images, (N, 28, 28), as vectors of mean 0 and length 1, (N, 784)."""
    vectors = images.flatten(1).float()
    return torch.nn.functional.normalize(vectors - vectors.mean(1, keepdim=True), dim=1)
