"""What is connected on a page: glyphs, each with its ink alone.

Shapes: h rows, w columns of an `InkMap`; lengths are in its pixels.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.pages.frames import SQUARE, THRESHOLD, label_parts
from digits.pages.locate import Grey, InkMap

CLEAR = 0.85  # three quarters of the ink of dirt, or of what is left of a line, are below; a digit has 0.97
LETTER = 0.8  # of what is clearly no digit is seen as none, at least
POINT = 0.36  # of the usual height of a digit: a point is smaller
SURE = 0.97  # so sure is the classifier of a digit that stands alone
MOST = 1500  # parts of a page that are looked at; a page has fewer digits

Judge = Callable[[list[Grey]], NDArray[np.float64]]  # how likely each is a digit, (N,), from the ink of N pieces


class Glyph(NamedTuple):
    """A digit, letter or mark: its ink alone, and where it stands.

    Args:
        top: first row.
        left: first column.
        ink: (height, width), 0 to 1.
        contact: how likely two digits touch, the same shape.
        other: the share of its ink that belongs to no digit.
    """

    top: int
    left: int
    ink: Grey
    contact: Grey
    other: float

    @property
    def height(self) -> int:
        """Rows."""
        return self.ink.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self.ink.shape[1]

    @property
    def bottom(self) -> int:
        """The row after its last."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The column after its last."""
        return self.left + self.width

    @property
    def mass(self) -> float:
        """How much ink it has, in pixels."""
        return float(self.ink.sum())

    @property
    def clarity(self) -> float:
        """How certainly most of it is ink, 0 to 1."""
        return clarity_of(self.ink)

    @property
    def is_clear(self) -> bool:
        """Whether most of it is certainly ink."""
        return self.clarity > CLEAR

    @property
    def center(self) -> tuple[float, float]:
        """Row and column of the middle of its box."""
        return self.top + self.height / 2, self.left + self.width / 2

    def part(self, box: tuple[slice, slice], ink: Grey) -> "Glyph":
        """What is in a box of its rows and columns, of this ink of the same shape as its own."""
        rows, columns = box
        return Glyph(self.top + rows.start, self.left + columns.start, ink[box], self.contact[box], self.other)


def find_glyphs(found: InkMap) -> list[Glyph]:
    """What is connected in the ink; of more than `MOST` parts those with most ink."""
    labels, n = label_parts(found.ink)
    if n > MOST:
        areas = np.bincount(labels.ravel(), minlength=n + 1)
        keep = np.zeros(n + 1, bool)
        keep[1 + np.argsort(-areas[1:], kind="stable")[:MOST]] = True
        labels, n = ndimage.label(keep[labels], SQUARE)
    return [cut_out(found, labels, box, i + 1) for i, box in enumerate(ndimage.find_objects(labels))]


def cut_out(found: InkMap, labels: NDArray[np.int32], box: tuple[slice, slice], label: int) -> Glyph:
    """One part, with the soft edge of its strokes."""
    top, left = (max(0, s.start - 1) for s in box)
    here = (slice(top, box[0].stop + 1), slice(left, box[1].stop + 1))
    own = labels[here] == label
    mask = ndimage.binary_dilation(own, SQUARE) & (own | (labels[here] == 0))
    ink = np.where(mask, found.ink[here], 0)
    other = float((found.other[here] * ink).sum() / max(float(ink.sum()), 1e-6))
    return Glyph(top, left, ink, np.where(mask, found.contact[here], 0), other)


def without(glyphs: list[Glyph], some: list[Glyph]) -> list[Glyph]:
    """All but these; arrays, of which glyphs are made, can't be compared by `in`."""
    return [g for g in glyphs if not any(g is one for one in some)]


def sure_ones(glyphs: list[Glyph], judge: Judge) -> list[Glyph]:
    """Those of which the classifier is sure that each is a digit."""
    return [g for g, p in zip(glyphs, judge([g.ink for g in glyphs]), strict=True) if p >= SURE]


def merge(glyphs: list[Glyph]) -> Glyph:
    """Several as one."""
    top, left = min(g.top for g in glyphs), min(g.left for g in glyphs)
    shape = max(g.bottom for g in glyphs) - top, max(g.right for g in glyphs) - left
    ink, contact = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for g in glyphs:
        here = (slice(g.top - top, g.bottom - top), slice(g.left - left, g.right - left))
        np.maximum(ink[here], g.ink, out=ink[here])
        np.maximum(contact[here], g.contact, out=contact[here])
    mass = sum(g.mass for g in glyphs)
    return Glyph(top, left, ink, contact, sum(g.other * g.mass for g in glyphs) / max(mass, 1e-6))


def usual_height(glyphs: list[Glyph]) -> float:
    """How high a digit of this page is: half of the ink of digits is in higher ones."""
    digits = [g for g in glyphs if g.other < 0.5] or glyphs
    order = sorted(digits, key=lambda g: g.height)
    half = np.searchsorted(np.cumsum([g.mass for g in order]), 0.5 * sum(g.mass for g in order))
    return float(order[min(int(half), len(order) - 1)].height)


def thickness(glyph: Glyph) -> float:
    """How broad its strokes are."""
    inside = ndimage.distance_transform_edt(np.pad(glyph.ink > THRESHOLD, 1))
    return 2 * quantile(inside[inside > 0], 0.9) if inside.any() else 0.0


def clarity_of(ink: Grey) -> float:
    """How certainly most of some ink, (h, w), is ink: three quarters of its pixels are less so, 0 to 1."""
    return quantile(ink[ink > THRESHOLD], 0.75)


def quantile(values: NDArray[np.floating], share: float) -> float:
    """What a share of some values, (N,), does not exceed: as numpy.quantile gives it, in a tenth of its time."""
    return float(np.interp(share * (len(values) - 1), np.arange(len(values)), np.sort(values)))


def pen_of(glyphs: list[Glyph]) -> float:
    """How broad the pen is that wrote most of them; 0 where there are none."""
    return float(np.median([thickness(g) for g in glyphs])) if glyphs else 0.0


def boxes_of(glyphs: Sequence[Glyph]) -> NDArray[np.float64]:
    """Where glyphs stand, (N, 4): top, left, bottom, right."""
    return np.array([(g.top, g.left, g.bottom, g.right) for g in glyphs], np.float64).reshape(-1, 4)


def apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far boxes, (…, 4), lie apart, in rows and in columns; below 0 they overlap."""
    gaps = np.maximum(a[..., :2], b[..., :2]) - np.minimum(a[..., 2:], b[..., 2:])
    return gaps[..., 0], gaps[..., 1]
