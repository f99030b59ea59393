"""What is connected on a page, and what of it belongs together.

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
PART, FULL = 0.3, 0.85  # of the usual height are parts that are digits themselves at least, and the highest of them
WIDE = 0.4  # of its height is such a part wide, at least
SURE = 0.97  # so sure is the classifier of a digit that stands alone
FLAT = 0.15  # of it is what is left of a line that is drawn above a digit, such as that of a fraction, at most
DOUBT = 0.9  # of several parts as one digit it is less, where two of them are sure ones
BESIDE = 0.17  # of the usual height are two strokes of a broken digit apart, at most
LOWER = 0.7  # of the right one's height is the left one lower: it looks like a 6, but no digit stands so beside a 1
BROKEN = 0.95  # of one of them as a digit is it less sure; and of a digit with what is left of a line
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
    return 2 * upper_decile(inside[inside > 0]) if inside.any() else 0.0


def clarity_of(ink: Grey) -> float:
    """How certainly most of some ink, (h, w), is ink: three quarters of its pixels are less so, 0 to 1."""
    return float(np.percentile(ink[ink > THRESHOLD], 75))


def upper_decile(values: NDArray[np.floating]) -> float:
    """What a tenth of some values, (N,), exceeds: as numpy.percentile gives it, in a tenth of its time."""
    return float(np.interp(0.9 * (len(values) - 1), np.arange(len(values)), np.sort(values)))


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


def join(glyphs: list[Glyph], usual: float, judge: Judge) -> list[Glyph]:
    """Put together the parts of each digit: the loose bar of a 5, broken strokes.

    Two belong together if one stands above the other, or one is small and right beside the other, and both together are
    not much higher than a digit of this page. Nearest parts come first. Digits that are so near, such as an exponent,
    stay apart.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is.
        judge: says how likely each is a digit.
    """
    boxes = boxes_of(glyphs)
    digit = np.array([g.other < 0.5 for g in glyphs])
    largest = np.array([max(g.height, g.width) for g in glyphs])
    small, point = largest < 0.55 * usual, largest < 0.3 * usual
    group = list(range(len(glyphs)))

    down, across = apart(boxes[:, None], boxes[None])
    limit = np.where(point[:, None] & point[None], 0.6, 0.35) * usual  # the points of a colon stand far apart
    near = np.triu((down <= limit) & (across <= 0.15 * usual) & (digit[:, None] == digit[None]), 1)
    for i, j in colons(boxes, usual):
        near[[i, j]], near[:, [i, j]] = False, False
        near[i, j] = True
    pairs = np.argwhere(near)
    distance = np.hypot(np.maximum(down, 0), np.maximum(across, 0))[near]
    for i, j in pairs[np.argsort(distance, kind="stable")]:
        a, b = group[i], group[j]
        if a == b:
            continue
        gap, beside = apart(boxes[a], boxes[b])
        high = max(boxes[a, 2], boxes[b, 2]) - min(boxes[a, 0], boxes[b, 0])
        wide = max(boxes[a, 3], boxes[b, 3]) - min(boxes[a, 1], boxes[b, 1])
        narrower = min(boxes[a, 3] - boxes[a, 1], boxes[b, 3] - boxes[b, 1])
        above = -beside >= 0.5 * narrower and gap <= limit[i, j]
        attached = (small[i] or small[j]) and max(gap, beside) <= 0.12 * usual and wide <= 1.1 * usual
        if beside > 0 and (is_beside(glyphs[i], boxes[b], usual) or is_beside(glyphs[j], boxes[a], usual)):
            continue
        if high <= 1.4 * usual and (above or attached):
            boxes[a] = (*np.minimum(boxes[a, :2], boxes[b, :2]), *np.maximum(boxes[a, 2:], boxes[b, 2:]))
            group = [a if k == b else k for k in group]
    parts = [[g for g, k in zip(glyphs, group, strict=True) if k == key] for key in dict.fromkeys(group)]
    whole = [glyph for some in parts for glyph in ([merge(some)] if is_one(some, usual, judge) else some)]
    return join_strokes(whole, usual, judge)


def is_one(parts: list[Glyph], usual: float, judge: Judge) -> bool:
    """Whether parts are one digit, rather than one of the usual height and others beside it, or pieces of a line."""
    largest = max(parts, key=lambda g: g.height)
    if len(parts) > 1 and all(g is largest or is_of_line(g, largest, usual) for g in parts):
        whole, alone = judge([merge(parts).ink, largest.ink])
        if whole < BROKEN and alone >= SURE:
            return False
    may_be = [g for g in parts if g.height >= PART * usual and g.width >= WIDE * g.height]
    if len(may_be) < 2 or max(g.height for g in may_be) < FULL * usual:
        return True
    whole, *each = judge([merge(parts).ink, *(g.ink for g in may_be)])
    return bool(whole >= DOUBT or sorted(each)[-2] < SURE)


def is_of_line(part: Glyph, digit: Glyph, usual: float) -> bool:
    """Whether a part may be left of a line above a digit: it is flat, and above its head. A 1 has a foot, too."""
    return part.height < FLAT * usual and part.center[0] < digit.top


def join_strokes(glyphs: list[Glyph], usual: float, judge: Judge) -> list[Glyph]:
    """Put together strokes side by side that are a digit only together, such as the two of an open 4.

    Of each pair, the classifier is surer than of one of the two, of which it may not be sure. Of a left one that is
    lower, as that of a 4 is, it may be, though less than of both.
    """
    boxes, digit = boxes_of(glyphs), np.array([g.other < 0.5 for g in glyphs], bool)
    (top, left, bottom, right), (down, across) = boxes.T, apart(boxes[:, None], boxes[None])
    lower = np.minimum.outer(bottom - top, bottom - top)
    high, wide = (
        np.maximum.outer(end, end) - np.minimum.outer(start, start) for start, end in ((top, bottom), (left, right))
    )
    level = (-down >= 0.5 * lower) & (lower >= 0.4 * usual) & (across <= BESIDE * usual)
    near = level & (high <= 1.4 * usual) & (wide <= 1.2 * usual) & digit[:, None] & digit & np.less.outer(left, left)
    pairs = [(glyphs[i], glyphs[j]) for i, j in np.argwhere(near)]
    if not pairs:
        return glyphs
    together = [merge([a, b]) for a, b in pairs]
    seen = judge([g.ink for pair in zip(together, *zip(*pairs, strict=True), strict=True) for g in pair]).reshape(-1, 3)
    for whole, (a, b), (all_, *each) in sorted(zip(together, pairs, seen, strict=True), key=lambda one: -one[2][0]):
        limit = all_ if a.height < LOWER * b.height else BROKEN
        if all_ >= SURE and min(each) < limit and any(g is a for g in glyphs) and any(g is b for g in glyphs):
            glyphs = [*without(glyphs, [a, b]), whole]
    return glyphs


def colons(boxes: NDArray[np.float64], usual: float) -> list[tuple[int, int]]:
    """Pairs of points of one size that stand above each other, with no other point close to them.

    Args:
        boxes: of glyphs, (N, 4): top, left, bottom, right.
        usual: how high a digit of the page is.
    """
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    round_ = np.maximum(heights, widths) < 1.6 * np.minimum(heights, widths)
    points = np.flatnonzero((np.maximum(heights, widths) < 0.3 * usual) & round_)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    found = []
    for i in points:
        away = np.abs(middle[points] - middle[i])
        close = [int(j) for j in points[away.max(axis=1) < usual] if j != i]
        if len(close) == 1 and i < (j := close[0]):
            (down, across), low = np.abs(middle[i] - middle[j]), min(heights[i], heights[j])
            if across < 0.5 * widths[i] and down > 1.2 * low and max(heights[i], heights[j]) < 1.7 * low:
                found.append((int(i), j))
    return found


def is_beside(glyph: Glyph, box: NDArray[np.float64], usual: float) -> bool:
    """Whether a small glyph is rather a mark beside a digit, whose box is top, left, bottom, right, than a part of it.

    A point stands at its foot, a comma reaches below it, and a minus is at half its height; the loose bar of a 5 is at
    its top.
    """
    h, w = glyph.height / usual, glyph.width / usual
    foot = (box[2] - glyph.top) / usual  # from the glyph's top down to the foot of the digit
    is_point = max(h, w) < POINT and 0.4 < w / h < 2
    is_comma = h < 0.6 and w < POINT and h - foot > 0.08
    return (foot < 0.35 and (is_point or is_comma)) or (h < 0.3 and w > 1.6 * h and 0.25 < foot < 0.75)
