"""Numbers that are struck out: a straight line runs through all of their digits, and ends close beyond them.

The network for ink takes some of such a line for a rule of the paper, so it is looked for on the picture.

Lengths are in pixels of an `InkMap`; h rows, w columns of what is close around a number.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.pages.around import is_dark, levels
from digits.pages.frames import THRESHOLD
from digits.pages.glyphs import Glyph
from digits.pages.layout import Place
from digits.pages.locate import InkMap

AROUND = 0.7  # of a digit's usual height: a line that goes on farther beyond a number is a rule of the paper
HIGH = 1.6  # of it is a number at most
BEYOND = 0.12  # of it: at both ends, there is nothing but the line
THICK = 0.06  # of it: as far above or below the middle of the line it is dark
DARK = 0.3  # of the contrast of the digits, at least, has the line
MIDDLE = 0.25, 0.8  # of the height of the number is where the line goes: others are drawn above or below a number


def without_struck(
    glyphs: Sequence[Glyph], names: Sequence[str], places: Sequence[Place], usual: float, found: InkMap
) -> list[Glyph]:
    """The glyphs of a page, of which those in numbers that are struck out are seen as no digits.

    Args:
        glyphs: everything on the page.
        names: of each, a mark, or "".
        places: where each stands, in reading order.
        usual: how high a digit of the page is.
        found: the ink of the page.
    """
    out: set[int] = set()
    for _, number in groupby(places, key=lambda place: (place.line, place.number)):
        which = [place.which for place in number if not names[place.which]]
        if len(which) > 1 and is_struck([glyphs[i] for i in which], usual, found):
            out.update(which)
    return [glyph._replace(other=1.0) if i in out else glyph for i, glyph in enumerate(glyphs)]


def is_struck(number: Sequence[Glyph], usual: float, found: InkMap) -> bool:
    """Whether glyphs, from left to right, are a number that is struck out."""
    top, bottom = min(g.top for g in number), max(g.bottom for g in number)
    if bottom - top > HIGH * usual:
        return False
    left = max(0, round(min(g.left for g in number) - AROUND * usual))
    here = (slice(top, bottom), slice(left, round(max(g.right for g in number) + AROUND * usual)))
    dark = dark_around(number, found, here)
    first, last = (int(number[i].center[1]) - left for i in (0, -1))
    lines = through(dark, first, last, max(1, round(THICK * usual)))
    columns = np.flatnonzero(lines.any(axis=0))
    if not len(columns) or columns[0] == 0 or columns[-1] == lines.shape[1] - 1:
        return False
    end, loose = max(2, round(BEYOND * usual)), dark & ~lines
    return not (
        loose[:, columns[0] : columns[0] + end].any() or loose[:, columns[-1] + 1 - end : columns[-1] + 1].any()
    )


def dark_around(number: Sequence[Glyph], found: InkMap, here: tuple[slice, slice]) -> NDArray[np.bool_]:
    """Where it is about as dark as the digits of a number, on this part of the picture."""
    own = np.zeros(found.ink.shape, bool)
    for g in number:
        own[g.top : g.bottom, g.left : g.right] |= g.ink > THRESHOLD
    image = found.image[here]
    return is_dark(image, *levels(own[here], image), DARK)


def through(dark: NDArray[np.bool_], first: int, last: int, thick: int) -> NDArray[np.bool_]:
    """The straight lines, (h, w), that are dark all the way from one column to another, and as far as they go on."""
    h, w = dark.shape
    near = ndimage.maximum_filter1d(dark, 2 * thick + 1, axis=0)
    rows = np.arange(round(MIDDLE[0] * h), round(MIDDLE[1] * h))
    starts, stops = (rows[near[rows, column]] for column in (first, last))
    x, found = np.arange(w), np.zeros((h, w), bool)
    for start in starts:
        steps = (stops[:, None] - start) / max(last - first, 1)
        lines = np.round(start + steps * (x - first)).astype(int).clip(0, h - 1)
        for line in lines[near[lines[:, first : last + 1], x[first : last + 1]].all(axis=1)]:
            gaps = np.flatnonzero(~near[line, x])
            before, after = gaps[gaps < first], gaps[gaps > last]
            reach = slice(before[-1] + 1 if len(before) else 0, after[0] if len(after) else w)
            found[line[reach], x[reach]] = True
    return ndimage.maximum_filter1d(found, 2 * thick + 1, axis=0)
