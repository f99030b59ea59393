"""Digits that hang together with those of the line below, as in narrow ruled books: they are cut apart.

Such a glyph is two, three or more times as high as the digits of the page that stand alone. Shapes: h rows, w columns
of an `InkMap`; lengths are in its pixels.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.pages.frames import SQUARE, THRESHOLD
from digits.pages.glyphs import SURE, Glyph, Judge, cut_out, sure_ones, without
from digits.pages.locate import InkMap

LEAST = 8  # rows of pixels has a digit that is known
TALL = 1.55  # times as high as a digit are two of them at least
MOST_LINES = 12
NARROW = 0.5  # of a digit's height is a glyph wide that may be several: a line or a bracket is narrower
WIDE = 1.1  # of its height is a single digit wide at most
KNOWN = 3  # digits that stand alone tell how high one is
DOUBT = 0.9  # so sure is it of one that was cut out
MOST_SURE, MOST_TALL = 0.75, 100  # of all pieces are sure where lines touch; so many glyphs are looked at
MOST_WHOLE = 0.7  # of the high glyphs are sure as a whole where lines touch, at most; of large digits more are
SOME_IN_LINE = 0.15  # of the high glyphs have two pieces at least, in line with digits that stand alone
LEVEL, NEAR = 0.3, 3.0  # of a digit's height: not further up or down, and aside, are these
SEAM = 0.35  # of a digit's height may a seam leave the middle between two lines


def apart_lines(glyphs: list[Glyph], judge: Judge) -> tuple[list[Glyph], bool]:
    """Cut glyphs apart that are digits of several lines.

    They are cut where most pieces are sure digits, some are in line with digits that stand alone, and the classifier is
    not sure of most glyphs as a whole, as it is of large digits.

    Args:
        glyphs: everything on the page.
        judge: says how likely each is a digit.

    Returns:
        Everything on the page, and whether its lines touch.
    """
    digits = [g for g in glyphs if g.other < 0.5 and g.height >= LEAST and g.width >= NARROW * LEAST]
    for known in alone(digits, judge):
        usual = float(np.median([g.height for g in known]))
        tall = [g for g in digits if may_be_several(g, usual)][:MOST_TALL]
        if len(tall) < KNOWN or (judge([g.ink for g in tall]) >= SURE).mean() > MOST_WHOLE:
            continue
        cut = [in_lines(g, usual) for g in tall]
        single = [[piece for piece in pieces if is_single(piece, usual)] for pieces in cut]
        in_line = [sum(is_in_line(piece, known, usual) for piece in pieces) > 1 for pieces in single]
        if np.mean(in_line) < SOME_IN_LINE:
            continue
        if (judge([piece.ink for pieces in single for piece in pieces]) >= DOUBT).mean() >= MOST_SURE:
            return without(glyphs, tall) + [piece for pieces in cut for piece in pieces], True
    return glyphs, False


def alone(digits: list[Glyph], judge: Judge) -> Iterator[list[Glyph]]:
    """Digits that may stand alone on the page, all of about one height, and of which the classifier is sure."""
    middle = float(np.median([g.height for g in digits])) if digits else 0.0
    for about in (middle, middle / 2, middle / 3):  # where most hang together, most are two or three digits high
        low = [g for g in digits if 0.75 * about <= g.height <= 1.4 * about and is_single(g, about)]
        if len(low) >= KNOWN and sum(may_be_several(g, about) for g in digits) >= KNOWN:
            known = sure_ones(low, judge)
            if len(known) >= KNOWN:
                yield known


def is_in_line(piece: Glyph, known: list[Glyph], usual: float) -> bool:
    """Whether a digit that stands alone is close beside a piece."""
    return any(
        abs(piece.center[0] - g.center[0]) < LEVEL * usual
        and max(piece.left, g.left) - min(piece.right, g.right) < NEAR * usual
        for g in known
    )


def may_be_several(glyph: Glyph, usual: float) -> bool:
    """Whether a glyph is so high and wide that it may be digits of several lines."""
    return TALL * usual <= glyph.height <= MOST_LINES * usual and glyph.width >= NARROW * usual


def is_single(piece: Glyph, usual: float) -> bool:
    """Whether a piece has the form of one digit, and not that of a stroke."""
    return 0.5 * usual <= piece.height < TALL * usual and NARROW * piece.height <= piece.width <= WIDE * usual


def in_lines(glyph: Glyph, usual: float) -> list[Glyph]:
    """A glyph cut between its lines, along seams of little ink; each connected piece is one."""
    h, w = glyph.ink.shape
    n = round(h / usual)
    rows = np.arange(h)[:, None]
    line = np.zeros((h, w), int)
    for i in range(1, n):
        line += rows >= seam(glyph, h * i / n, SEAM * usual)[None]
    labels = np.zeros((h, w), np.int32)
    for i in range(n):
        part, _ = ndimage.label((line == i) & (glyph.ink > THRESHOLD), SQUARE)
        labels += np.where(part > 0, part + labels.max(), 0)
    found = InkMap(glyph.ink, np.full_like(glyph.ink, glyph.other), glyph.contact, 1.0, glyph.ink)
    pieces = [cut_out(found, labels, box, i + 1) for i, box in enumerate(ndimage.find_objects(labels))]
    return [one._replace(top=glyph.top + one.top, left=glyph.left + one.left) for one in pieces]


def seam(glyph: Glyph, row: float, reach: float) -> NDArray[np.int64]:
    """The rows of a way from left to right that crosses little ink, and that most where digits touch: (w,).

    Args:
        glyph: what is cut.
        row: the middle between two lines.
        reach: how far the way may leave it.
    """
    top, bottom = max(1, round(row - reach)), min(glyph.height - 1, round(row + reach) + 1)
    away = np.abs(np.arange(top, bottom) - row)[:, None] / reach
    here = slice(top, bottom)
    cost = glyph.ink[here] * (1 - 0.95 * glyph.contact[here]) + 0.1 * away**2
    total, steps = cost[:, 0], []
    for column in cost.T[1:]:
        ways = np.stack([np.append(np.inf, total[:-1]), total, np.append(total[1:], np.inf)])
        ways[[0, 2]] += 0.02
        steps.append(ways.argmin(0) - 1)
        total = ways.min(0) + column
    way = [int(total.argmin())]
    for step in reversed(steps):
        way.append(way[-1] + int(step[way[-1]]))
    return np.array(way[::-1]) + top
