"""Points, commas, hyphens, slashes and colons: known by their form and by where they stand beside digits.

Brackets, check marks and percent signs are `?`, as other signs are: a bracket is no 1, nor is the stroke of a percent
sign. Slashes that are no higher than digits are known in dates.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.pages.frames import THRESHOLD, extent
from digits.pages.glyphs import LETTER, POINT, Glyph, boxes_of, merge, pen_of, thickness, without
from digits.pages.layout import Place

BESIDE = 0.9  # of a digit's usual height: a mark is nearer than that to a digit
TALL = 0.7  # of it: what is lower is no digit that a mark stands beside
THIN, THINNEST = 0.45, 0.3  # of the pen that wrote the digits: what is finer is dirt; if it is seen as no digit
LIKELY = 0.6  # so clearly is a mark ink that is seen as no digit, at least
FEW, MANY = 4, 0.6  # marks on a page, and marks for each digit
TALLER = 1.15  # times as high as the digits beside it is a slash, or it reaches beyond them at both ends
BEYOND = 0.03  # of the height of a digit: how far a slash reaches above and below those beside it, at least
BRACKET = 1.05  # times as high as the digits beside it is a bracket, at least
BOW, OFF_BOW = 0.11, 0.05  # of its height: how far it is bent, at least, and its ink is off the bow, at most
RING = 0.2, 0.6  # of a digit's usual height are the rings of a percent sign
HIGHER = 1.5  # times as high as the digits is its stroke at most
LEAN, MORE = 0.2, 0.1  # columns in a row lean the slashes of a date to the right, and that much more than its 1s
STRAIGHT = 0.05  # of its height is the ink of a straight stroke off its middle line, at most
BENT = 0.16  # of its height: what is bent further is a bracket, however high; a 1 is not
ARM, NOTCH = 0.15, 0.12  # of its height: the left arm of a check mark is higher than its foot, and than its notch
OPEN = 0.95  # of its columns have a single piece of ink, at least
FALLING = -0.97  # correlation of rows and columns in its right arm, or below
FACING = 0.06  # of its height is each of two brackets bent that face each other, at least


def name_marks(glyphs: list[Glyph], usual: float) -> dict[int, str]:
    """Name the marks of a page.

    Where many small pieces of ink stand beside no digit, the paper is dirty or dotted, and there are no points on it;
    where there are almost as many marks as digits, it is squared, and there are none.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is.

    Returns:
        One of . , - / : or ? by the number of the glyph; those that are no marks are left out.
    """
    tall = [g for g in glyphs if g.height >= TALL * usual and g.other < LETTER and g.mass >= max(g.ink.shape)]
    if not tall:
        return {}
    boxes = boxes_of(tall)
    pen = pen_of(tall)
    named, lonely = {}, 0
    for i, glyph in enumerate(glyphs):
        finest = (THIN if glyph.other < 0.5 else THINNEST) * pen
        if (TALL * usual <= glyph.height <= usual and bend(glyph) <= BENT) or thickness(glyph) < finest:
            continue
        beside = neighbours(glyph, boxes, usual)
        if len(beside) and is_clear(glyph) and (mark := name_mark(glyph, usual, beside)):
            named[i] = mark
        lonely += not len(beside) and max(glyph.height, glyph.width) < TALL * usual
    if len(named) > max(FEW, MANY * len(tall)):  # crossings of squared paper
        return {}
    is_dirty = lonely > FEW + 2 * len(named)
    return {i: mark for i, mark in named.items() if not (is_dirty and mark in ".,:")}


def apart_percents(glyphs: list[Glyph], usual: float) -> tuple[list[Glyph], list[Glyph]]:
    """Part the glyphs of a page into all others and percent signs: a slash with small rings at its head and foot."""
    low, high = (share * usual for share in RING)
    small = [g for g in glyphs if all(low <= side <= high for side in g.ink.shape) and has_hole(g.ink > THRESHOLD)]
    strokes = [g for g in glyphs if len(small) > 1 and TALL * usual <= g.height <= HIGHER * usual]
    percents = []
    for stroke in strokes:
        if lean(stroke) >= LEAN:
            y, x = stroke.center
            near = [g for g in small if abs(g.center[0] - y) < usual and abs(g.center[1] - x) < usual]
            head = [g for g in near if g.center[0] < y and g.center[1] < x]
            foot = [g for g in near if g.center[0] > y and g.center[1] > x]
            if len(head) == len(foot) == 1:
                glyphs = without(glyphs, [stroke, *head, *foot])
                percents.append(merge([stroke, *head, *foot]))
    return glyphs, percents


def is_check_mark(glyph: Glyph) -> bool:
    """Whether a glyph is a V whose right arm is higher: no digit has its foot between two arms."""
    ink = glyph.ink > THRESHOLD
    ink = ink[extent(ink)]
    h, w = ink.shape
    if not 0.5 * h < w < 2.5 * h or h < 8:
        return False
    top, bottom = ink.argmax(axis=0), h - ink[::-1].argmax(axis=0)
    foot = int(np.flatnonzero(bottom == h).mean())
    arms = top.max() - top[0] >= NOTCH * h and h - bottom[0] >= ARM * h and top[-(w // 10 + 1) :].min() <= 0.1 * h
    if not (arms and 0.1 * w <= foot <= 0.5 * w and np.mean(ink.sum(axis=0) == bottom - top) >= OPEN):
        return False
    return bool(np.corrcoef(np.arange(foot, w), (top + bottom)[foot:])[0, 1] < FALLING)


def has_hole(ink: NDArray[np.bool_]) -> bool:
    """Whether a shape, (h, w), is closed around some of its paper."""
    return bool(ndimage.binary_fill_holes(ink).sum() > ink.sum())


def name_slashes(glyphs: Sequence[Glyph], names: Sequence[str], places: Sequence[Place]) -> list[str]:
    """Name the slashes of dates, such as 12/03/24: straight strokes that lean more than the others, or are higher.

    Args:
        glyphs: everything on the page.
        names: of each, a mark, or "".
        places: where each stands, in reading order.
    """
    leans = [lean(glyph) if name in ("", "/") else 0.0 for glyph, name in zip(glyphs, names, strict=True)]
    pairs = []
    for _, number in groupby(places, key=lambda place: (place.line, place.number)):
        which = [place.which for place in number]
        for first, second in ((1, 3), (1, 4), (2, 4), (2, 5)):
            if len(which) - second in (3, 5):
                pair = which[first], which[second]
                rest = [i for i in which if i not in pair]
                both = min(leans[i] for i in pair)
                if both >= LEAN and not any(names[i] or leans[i] > both - MORE for i in rest):
                    pairs.append(pair)
    slashes = {i for pair in pairs for i in pair}
    ones = [leaning for i, leaning in enumerate(leans) if leaning and i not in slashes and not names[i]]
    least = MORE + float(np.median(ones or [LEAN]))
    heights = [glyph.height for glyph, name in zip(glyphs, names, strict=True) if not name]
    higher = TALLER * float(np.median(heights or [0]))
    steep = {
        i for p in pairs for i in p if min(leans[j] for j in p) >= least or min(glyphs[j].height for j in p) >= higher
    }
    return ["/" if i in steep else name for i, name in enumerate(names)]


def is_clear(glyph: Glyph) -> bool:
    """Whether it is certainly ink, or likely ink that is seen as no digit, as a small point is."""
    return glyph.is_clear or (glyph.other >= LETTER and glyph.clarity >= LIKELY)


def name_mark(glyph: Glyph, usual: float, beside: NDArray[np.float64]) -> str:
    """Name a glyph that may be a mark.

    Args:
        glyph: it.
        usual: how high a digit of the page is.
        beside: the nearest digits of its line, one or two, (N, 4): top, left, bottom, right.

    Returns:
        One of . , - / : or ? or "".
    """
    h, w = glyph.height / usual, glyph.width / usual
    top, base = beside[:, 0].mean(), beside[:, 2].mean()
    over = (base - glyph.top) / usual  # how far it begins above the base line
    under = (glyph.bottom - base) / usual  # and how far it reaches below it
    middle = (glyph.center[0] - top) / max(base - top, 1)
    ink: NDArray[np.bool_] = np.asarray(glyph.ink > THRESHOLD)
    between, leads = len(beside) == 2, glyph.right <= beside[0, 1]
    if h < 0.3 and 1.2 * h < w < 0.95 and 0.25 < middle < 0.75:
        return "-" if between or leads else ""
    if leads and max(h, w) < POINT and 0.45 < w / h < 2 and -0.25 < under < 0.1:
        return "."
    if h >= TALL and bend(glyph) > (BOW if glyph.height > BRACKET * (base - top) else BENT):
        return "?"
    if not between:
        return ""
    if max(h, w) < POINT and 0.45 < w / h < 2 and over < 0.5 and under > -0.25:
        return "," if under > 0.1 and h > 1.3 * w else "." if under < 0.25 else ""
    if h < 0.7 and w < 0.45 and over < 0.5 and under > 0.08:
        return ","
    if 0.25 < h < 0.8 and w < 0.36 and w < 0.75 * h and under < 0.1 and 0.3 < middle < 0.75:
        return ":" if has_waist(ink) else ""
    beyond = glyph.top < top - BEYOND * usual and under > BEYOND
    taller = glyph.height > TALLER * (base - top) and w > 0.3 * h
    return "/" if (beyond or taller) and 0.15 < w / h < 1 and slants(ink) else ""


def neighbours(glyph: Glyph, boxes: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """The nearest boxes to the left and to the right in the same line, of (N, 4): at most two, nearer than `BESIDE`."""
    y, x = glyph.center
    in_line = (boxes[:, 0] - 0.3 * usual < y) & (y < boxes[:, 2] + 0.4 * usual)
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    found = []
    for gaps, side in ((glyph.left - boxes[:, 3], middle < x), (boxes[:, 1] - glyph.right, middle > x)):
        near = np.flatnonzero(in_line & side & (gaps < BESIDE * usual) & (gaps > -0.5 * usual))
        if len(near):
            found.append(boxes[near[np.argmin(gaps[near])]])
    return np.array(found).reshape(-1, 4)


def has_waist(ink: NDArray[np.bool_]) -> bool:
    """Whether a shape, (h, w), is narrower in its middle than above and below, as two points are, or has a gap."""
    rows = ink.sum(axis=1)
    third = len(rows) // 3
    return bool(rows[third:-third].min() < 0.75 * min(rows[:third].max(), rows[-third:].max()))


def slants(ink: NDArray[np.bool_]) -> bool:
    """Whether a shape, (h, w), is a straight stroke from the lower left to the upper right."""
    y, x = np.nonzero(ink)
    return len(x) > 2 and bool(np.std(x) > 0 and np.corrcoef(x, y)[0, 1] < -0.93)


def lean(glyph: Glyph) -> float:
    """By how many columns a straight stroke goes to the right in each row upwards; 0 of what is none."""
    y, x = np.nonzero(glyph.ink > THRESHOLD)
    if len(np.unique(y)) < 3:
        return 0.0
    slope, start = np.polyfit(y, x, 1)
    return float(-slope) if np.std(x - slope * y - start) < STRAIGHT * glyph.height else 0.0


def name_brackets(glyphs: Sequence[Glyph], names: Sequence[str], places: Sequence[Place]) -> list[str]:
    """Name brackets that face each other: 1s that are bent as little are bent to the same side.

    Args:
        glyphs: everything on the page.
        names: of each, a mark, or "".
        places: where each stands, in reading order.
    """
    brackets: set[int] = set()
    bows = [bow(glyph) for glyph in glyphs]
    for _, line in groupby(places, key=lambda place: place.line):
        bent = [(i, place.which) for i, place in enumerate(line) if abs(bows[place.which]) >= FACING]
        for (i, first), (j, second) in pairwise(bent):
            if j - i > 1 and bows[first] > 0 > bows[second]:
                brackets |= {first, second}
    return ["?" if i in brackets and name in ("", "?") else name for i, name in enumerate(names)]


def bend(glyph: Glyph) -> float:
    """How far a glyph that is one upright stroke is bent to one side, as a bracket is; as a share of its height."""
    return abs(bow(glyph))


def bow(glyph: Glyph) -> float:
    """The same, below 0 where its ends are to the left of its middle, as those of a closing bracket are."""
    y, x = np.nonzero(glyph.ink > THRESHOLD)
    h = len(np.unique(y))
    if h < 3 or len(np.unique(x)) >= 0.5 * h:
        return 0.0
    curve = np.polyfit(along := 2 * (y - y.mean()) / h, x, 2)
    return float(curve[0] / h) if np.std(x - np.polyval(curve, along)) < OFF_BOW * h else 0.0
