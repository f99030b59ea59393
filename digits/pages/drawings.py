"""Drawings among the digits of a page: circles around them, of which some look like a 0, and curves.

Lengths are in pixels of an `InkMap`.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from digits.pages.frames import SQUARE, THRESHOLD, extent, may_be_digit
from digits.pages.glyphs import SURE, Glyph, Judge, boxes_of, pen_of, thickness, without

HIGH = 0.5  # of the usual height of a digit is what a circle is drawn around, at least
TALL = 1.2  # times as high as a digit is a circle at least; a 0, in which a slash looks like a 1, is not
ROUND = 1.3  # times as long as its shorter side is a circle at most
FULL = 0.85, 1.05  # of the area of an ellipse is inside of it
RING = 1.2  # times as broad as the pen is what is taken away of it, with the ends of a digit that touches it
INNER = 0.5  # of its height is that digit then, at least
DRAWN = 4.0  # times as high as a digit is a curve at least
BROAD = 1.3  # times as broad as the pen that wrote the digits is that of a digit that is so much larger, at least


def without_circles(glyphs: list[Glyph], usual: float, judge: Judge) -> list[Glyph]:
    """The glyphs of a page but those around a sure digit: circles that touch another one, or pieces of circles.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is.
        judge: says how likely each is a digit.
    """
    top, left, bottom, right = boxes_of(glyphs).T
    height = bottom - top
    higher = np.less.outer(top, top) & np.greater.outer(bottom, bottom)  # the first than the second, at both ends
    across = np.less.outer(left, right) & np.greater.outer(right, left)
    near = higher & across & np.logical_and.outer(height >= TALL * usual, height >= HIGH * usual)
    pairs = [(glyphs[i], glyphs[j]) for i, j in np.argwhere(near) if is_around(glyphs[i], glyphs[j])]
    sure = judge([b.ink for _, b in pairs]) >= SURE
    return without(glyphs, [a for (a, _), one in zip(pairs, sure, strict=True) if one])


def out_of_circles(glyphs: list[Glyph], judge: Judge) -> list[Glyph]:
    """The glyphs of a page, of which digits that touch a circle around them are without it.

    Args:
        glyphs: everything on the page.
        judge: says how likely each is a digit.
    """
    within = {i: inside for i, glyph in enumerate(glyphs) if (inside := within_circle(glyph)) is not None}
    sure = judge([one.ink for one in within.values()]) >= SURE
    found = {i: one for (i, one), is_sure in zip(within.items(), sure, strict=True) if is_sure}
    return [found.get(i, glyph) for i, glyph in enumerate(glyphs)]


def within_circle(glyph: Glyph) -> Glyph | None:
    """What is inside of a glyph that is a circle, and may be a digit; None where there is nothing, or no circle."""
    h, w = glyph.ink.shape
    if max(h, w) > ROUND * min(h, w):
        return None
    pen = thickness(glyph)
    shape = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(glyph.ink > THRESHOLD, 1), SQUARE))
    if not FULL[0] < shape.sum() / (math.pi / 4 * h * w) < FULL[1]:
        return None
    inside = (ndimage.distance_transform_edt(shape) > RING * pen)[1:-1, 1:-1]
    kept = np.where(inside, glyph.ink, 0)
    here = extent(kept > THRESHOLD)
    inner = kept[here] > THRESHOLD
    if inner.shape[0] - 1 < INNER * h or not may_be_digit(inner, (h, w)):
        return None
    return glyph.part(here, kept)


def is_around(outer: Glyph, inner: Glyph) -> bool:
    """Whether a glyph, which is higher than another one at both ends, has ink above and below it, and beside it."""
    top, left = inner.top - outer.top, inner.left - outer.left
    bottom, right = top + inner.height, left + inner.width
    ink = outer.ink > THRESHOLD
    rows, columns = ink[top:bottom], ink[:, max(0, left) : right]
    beside = rows[:, : max(0, left)].any() or rows[:, right:].any()
    return bool(columns[:top].any() and columns[bottom:].any() and beside)


def without_curves(glyphs: Sequence[Glyph], usual: float) -> list[Glyph]:
    """The glyphs of a page, of which those that are much higher than digits, with the same pen, are seen as none."""
    pen = pen_of([g for g in glyphs if g.height <= DRAWN * usual])
    high = [g.height > DRAWN * usual and thickness(g) < BROAD * pen for g in glyphs]
    return [g._replace(other=1.0) if one else g for g, one in zip(glyphs, high, strict=True)]
