"""The paper of a picture: its level, and whether it is even.

Arrays: H rows, W columns, float32, 0 to 255.
"""

import numpy as np
from PIL import Image

from digits.pages.locate import EVEN, Grey, InkMap

MOSTLY = 0.6  # of an even edge
HALF = 0.5  # of the pixels of a clean picture
CONTRAST = 64.0  # grey levels between its ink and its paper, at least


def edge(grey: Grey) -> Grey:
    """The pixels along the edge of a picture, (H, W), in one row."""
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def has_even_edge(grey: Grey) -> bool:
    """Whether most of the edge has one level, as without gradients and shadows."""
    pixels = edge(grey)
    return bool(np.mean(np.abs(pixels - np.median(pixels)) < 255 * EVEN) > MOSTLY)


def paper_level(grey: Grey) -> float:
    """The level of the paper of a picture without shadows: the median, with half of the votes the edge's.

    For a large digit may cover most of the edge, and thick strokes most of the picture, but not both.
    """
    return float(np.median(np.concatenate([grey.ravel(), np.resize(edge(grey), grey.size)])))


def clean_ink(grey: Grey, scale: float) -> InkMap | None:
    """The ink of a clean picture, enlarged: how far its levels are from the paper's; None if it is not clean.

    Half of a clean picture has the level of its paper, and its ink a clearly different one.
    """
    ink = np.abs(grey - paper_level(grey))
    if np.mean(ink < 255 * EVEN) < HALF or ink.max() < CONTRAST:
        return None
    size = [max(1, round(n * scale)) for n in grey.shape[::-1]]
    large = np.asarray(Image.fromarray(ink / ink.max()).resize(size, Image.Resampling.BICUBIC)).clip(0, 1)
    return InkMap(large, np.zeros_like(large), np.zeros_like(large), scale, large)
