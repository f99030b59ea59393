"""The images that a network is trained on, as they are and augmented."""

from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from digits.plots.tiles import tile_rows

COLUMNS = 16  # images in a row


def plot_samples(images: Tensor, labels: Tensor, classes: Sequence[str]) -> Image.Image:
    """What does each class look like? A row of the first images of each.

    Args:
        images: (N, H, W), uint8.
        labels: (N,), int64.
        classes: names of the K classes.
    """
    rows = [images[labels == label][:COLUMNS] for label in range(len(classes))]
    return tile_rows([(name, list(row)) for name, row in zip(classes, rows, strict=True) if len(row)])


def plot_augmentation(
    images: Tensor, versions: Sequence[Tensor], labels: Tensor, classes: Sequence[str]
) -> Image.Image:
    """What does augmentation do? Each image in front, and what training made of it behind.

    Args:
        images: (N, H, W), uint8.
        versions: each (N, H, W), 0 to 255.
        labels: (N,), int64.
        classes: names of the K classes.
    """
    rows = [
        (classes[int(label)], [image, *(version[i] for version in versions)])
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
    return tile_rows(rows, apart=1)
