"""What several tests use: small made data, and the type of the command line's fixtures."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor

Digits = Callable[..., str]


def draw(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images that are easy to tell apart: a bright bar at a height that depends on the class, and noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 10
    images = torch.randint(0, 60, (n, 28, 28), generator=generator, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[4 + 2 * label : 6 + 2 * label, 4:24] = 255
    return images, labels


def write_idx(path: Path, values: Tensor) -> None:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = header + values.to(torch.uint8).numpy().tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def seven(size: int = 120, pen: int = 9, ink: int = 20, paper: int = 235, mode: str = "L") -> Image.Image:
    """A 7 on a page: of all digits the one that looks least like itself mirrored, turned or inverted."""
    image = Image.new("L", (size, size), paper)
    points = [(0.3 * size, 0.25 * size), (0.7 * size, 0.25 * size), (0.45 * size, 0.8 * size)]
    ImageDraw.Draw(image).line(points, fill=ink, width=pen, joint="curve")
    return image if mode == "L" else image.convert(mode)


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two images, blurred a little, so that strokes of different width compare."""
    a, b = (ndimage.gaussian_filter(image.astype(float), 1.5).ravel() for image in (a, b))
    return float(np.corrcoef(a, b)[0, 1])


def check_form(image: np.ndarray) -> None:
    """MNIST's form, as measured on its training images."""
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    rows, columns = np.flatnonzero(image.max(1) > 0), np.flatnonzero(image.max(0) > 0)
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
    assert image.max() == 255
    assert 0.04 < (image > 127).mean() < 0.35
    row, column = ndimage.center_of_mass(image)
    assert abs(row - 14) <= 0.6
    assert abs(column - 14) <= 0.6
