"""What is around a glyph on its picture, beside its ink.

Shapes: h rows, w columns; lengths are in pixels of an `InkMap`.
"""

import numpy as np
from scipy import ndimage

from digits.pages.frames import SQUARE, THRESHOLD, Mask
from digits.pages.glyphs import Glyph
from digits.pages.locate import Grey, InkMap

DARK = 0.6  # of the contrast of a stroke, at least, has what goes on beyond its ends
RIM = 2, 4  # pixels around a glyph: beyond the soft edge of its strokes


def dark_rim(glyph: Glyph, found: InkMap) -> float:
    """The share of what is close around a glyph that is about as dark as it, but no ink: much where a border goes on.

    From 0 to 1. Of light strokes on dark paper, what is about as light.
    """
    _, rim, dark = rim_of(glyph, found)
    return float(dark[rim].sum() / max(rim.sum(), 1))


def dark_ends(glyph: Glyph, found: InkMap) -> float:
    """The same of what is above a glyph, or below it, whichever is less: there is some where a line goes on."""
    own, rim, dark = rim_of(glyph, found)
    rows = np.flatnonzero(own.any(axis=1))
    ends = [slice(0, rows[0]), slice(rows[-1] + 1, None)] if len(rows) else []
    return min((float(dark[end][rim[end]].sum() / max(rim[end].sum(), 1)) for end in ends), default=0.0)


def rim_of(glyph: Glyph, found: InkMap) -> tuple[Mask, Mask, Mask]:
    """Where the strokes of a glyph are, what is close around them and no ink, and what is as dark as they; (h, w)."""
    own, ink, image = surroundings(glyph, found)
    near, far = (ndimage.binary_dilation(own, SQUARE, n) for n in RIM)
    stroke, paper = levels(own, image)
    return own, far & ~near & (ink < THRESHOLD), is_dark(image, stroke, paper, DARK)


def contrast(glyph: Glyph, found: InkMap) -> float:
    """How much a glyph differs from the paper around it, as a share of its level, whatever the light."""
    own, _, image = surroundings(glyph, found)
    stroke, paper = levels(own, image)
    return abs(stroke - paper) / max(paper, 0.05)


def levels(own: Mask, image: Grey) -> tuple[float, float]:
    """The grey levels of strokes and of the paper around them; paper is white where there is none to be seen."""
    stroke, paper = (float(np.median(image[here])) if here.any() else 1.0 for here in (own, ~own))
    return stroke, paper


def is_dark(image: Grey, stroke: float, paper: float, share: float) -> Mask:
    """Where grey levels differ from those of the paper as strokes do, by more than this share of their contrast."""
    return (image - paper) * np.sign(stroke - paper) > share * abs(stroke - paper)


def surroundings(glyph: Glyph, found: InkMap, wide: int = RIM[1]) -> tuple[Mask, Grey, Grey]:
    """A glyph's box and what is so close around: where its strokes are, all ink, and the grey levels; each (h, w)."""
    top, left = max(0, glyph.top - wide), max(0, glyph.left - wide)
    here = (slice(top, glyph.bottom + wide), slice(left, glyph.right + wide))
    own = np.zeros(found.ink[here].shape, bool)
    y, x = glyph.top - top, glyph.left - left
    own[y : y + glyph.height, x : x + glyph.width] = glyph.ink > THRESHOLD
    return own, found.ink[here], found.image[here]
