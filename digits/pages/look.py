"""The ink of a page, and what of it is connected, at scales that suit its digits.

Arrays: H rows, W columns of the picture; lengths without a unit are in pixels of the `InkMap`.
"""

import math
from typing import NamedTuple

import numpy as np

from digits.pages.around import contrast
from digits.pages.glyphs import Glyph, find_glyphs, usual_height
from digits.pages.judge import judge
from digits.pages.locate import MOST, Grey, InkMap, locate_ink
from digits.pages.photo import NoDigit
from digits.pages.stacked import apart_lines

SIDES = (160, 384, 768)  # pixels along the longer side of a page, at first
LONGEST = 2.0  # times as long as wide; a longer strip is seen as large as a page of its area that is that long
ENLARGE = 4.0  # at most
FEW, MANY = 14, 110  # heights of digits that are seen well
FEWEST = 9  # and at the largest scale, where most are lower than that: there is none at which they are seen better
GRAIN = 0.12  # of the contrast of what is most of the ink: the grain of the paper has less, a pale pencil more
SMALL, LARGE, GOOD = 28, 64, 42  # heights of digits: below and above, the page is looked at again


class Look(NamedTuple):
    """A page, seen at one scale, and whether its lines touch, as far as is seen there."""

    found: InkMap
    glyphs: list[Glyph]
    lines_touch: bool = False


def look(grey: Grey) -> tuple[Look, Look]:
    """Look at a page, (H, W), at a scale that suits its digits.

    The page is seen at three scales, and once more where the digits of the best of them are too small or too large.

    Returns:
        What suits the digits, and the largest of the three scales, at which smaller digits are seen.

    Raises:
        NoDigit: there is no ink.
    """
    longer = min(max(grey.shape), math.sqrt(LONGEST * grey.size))
    scales = sorted({min(side / longer, ENLARGE) for side in SIDES})
    looks = [look_at(grey, scale) for scale in scales]
    seen_apart = [one for one in looks if one.lines_touch]
    finest = looks[-1]
    all_small = finest.glyphs and usual_height(finest.glyphs) < FEW
    best = max(seen_apart or looks, key=lambda one: fitting_ink(one, FEWEST if all_small and one is finest else FEW))
    if not best.glyphs:
        raise NoDigit("blank")
    usual = usual_height(best.glyphs)
    if SMALL <= usual <= LARGE:
        return best, finest
    again = look_from(grey, best.found.scale * GOOD / usual)
    return again if again.glyphs and again.lines_touch >= best.lines_touch else best, finest


def look_from(grey: Grey, scale: float) -> Look:
    """Look at a page once more, at this scale, or the largest that is not too large."""
    return look_at(grey, min(scale, (MOST / grey.size) ** 0.5, ENLARGE))


def look_at(grey: Grey, scale: float) -> Look:
    """Find the ink of a page, (H, W), at one scale; see `look`."""
    found = locate_ink(grey, scale)
    return Look(found, *apart_lines(without_grain(find_glyphs(found), found), judge))


def fitting_ink(look: Look, lowest: int) -> float:
    """How much ink is in glyphs of a height that the network sees well, in square pixels of the picture.

    It is weighted by how dark it is: a paper's own grain, seen from near, looks like many pale strokes. What is seen as
    no digit counts a tenth, and so does what the classifier doubts: from afar, a dark corner or a shadow looks like a
    heavy stroke, and digits like signs.
    """
    seen = [g for g in look.glyphs if lowest <= g.height <= MANY]
    likely = judge([g.ink for g in seen])
    ink = (
        g.mass * contrast(g, look.found) * (1 - 0.9 * g.other) * (0.1 + 0.9 * p)
        for g, p in zip(seen, likely, strict=True)
    )
    return sum(ink) / look.found.scale**2


def without_grain(glyphs: list[Glyph], found: InkMap) -> list[Glyph]:
    """Those that are no grain of the paper, which is very pale, but may be most of what was found.

    So contrasts count by their square, and by how much ink has them, where it is asked which one is usual.
    """
    if not glyphs:
        return []
    levels = np.minimum([contrast(g, found) for g in glyphs], 1.0)
    order = np.argsort(levels)
    seen = np.cumsum((levels**2 * [g.mass for g in glyphs])[order])
    usual = levels[order[np.searchsorted(seen, 0.5 * seen[-1])]]
    return [g for g, level in zip(glyphs, levels, strict=True) if level >= GRAIN * usual]
