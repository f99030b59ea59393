"""Rows of digits that are much lower than the others of a page, such as small numbers below a large one.

Lengths are in pixels of an `InkMap`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.pages.glyphs import SURE, Glyph, Judge, apart, boxes_of, usual_height

LOWER = 0.65  # of the usual height of a page are the digits of such a row at most
LEAST = 8  # rows of pixels has a digit that is known
WIDE = 0.4  # of its height is a digit wide that is known; others, such as a 1, are found beside it
ROW = 3  # digits that are known make a row; where there is one, fewer of its size are read with it
LIKE = 1.5  # times as high as another one of its row is a digit at most
FREE = 0.15  # of its height: what is nearer above or below may be a part of the same digit
BESIDE, LEVEL = 1.5, 0.6  # of the height of a row: what is nearer belongs to it, if it is as far up


def by_size(glyphs: list[Glyph], usual: float, judge: Judge) -> list[tuple[list[Glyph], float]]:
    """Part the glyphs of a page into those of its usual height, and those in rows of much lower digits.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is.
        judge: says how likely each is a digit.

    Returns:
        For each size: glyphs, and how high a digit among them is.
    """
    low = [i for i, g in enumerate(glyphs) if LEAST <= g.height <= LOWER * usual and may_be_known(g)]
    if len(low) < ROW:
        return [(glyphs, usual)]
    likely = judge([glyphs[i].ink for i in low])
    boxes = boxes_of(glyphs)
    sure = [i for i, p in zip(low, likely, strict=True) if p >= SURE and stands_free(boxes, i)]
    known = [i for i in sure if len(row_of(i, sure, boxes)) >= ROW]
    if not known:
        return [(glyphs, usual)]
    own = usual_height([glyphs[i] for i in known])
    higher = boxes[[i for i, g in enumerate(glyphs) if g.height > LIKE * own]]
    known = [i for i in sure if i in known or not is_level(boxes[i], higher, own)]  # others are one or two in a row
    known = [i for i in known if own < LIKE * glyphs[i].height < LIKE**2 * own]
    others = [i for i in range(len(glyphs)) if i not in known and glyphs[i].height <= LIKE * own]
    small = set(known)
    for _ in others:
        more = {i for i in others if i not in small and beside(boxes[i], boxes[list(small)], own).any()}
        if not more:
            break
        small |= more
    rest = [g for i, g in enumerate(glyphs) if i not in small]
    return [*by_size(rest, usual, judge), ([glyphs[i] for i in sorted(small)], own)]


def may_be_known(glyph: Glyph) -> bool:
    """Whether a glyph is clear ink, no letter, and not as narrow as a piece of a stroke."""
    return glyph.other < 0.5 and glyph.width >= WIDE * glyph.height and glyph.is_clear


def stands_free(boxes: NDArray[np.float64], i: int) -> bool:
    """Whether nothing is close above or below a box, of (N, 4): top, left, bottom, right."""
    down, across = apart(boxes, boxes[i])
    least = FREE * (boxes[i, 2] - boxes[i, 0])
    return int(((across < -least) & (down < least)).sum()) == 1  # itself


def row_of(first: int, among: Sequence[int], boxes: NDArray[np.float64]) -> set[int]:
    """Which boxes of about the same height stand in a row with the first one."""
    row, new = {first}, {first}
    while new:
        height = boxes[first, 2] - boxes[first, 0]
        alike = [j for j in among if j not in row and 1 / LIKE < (boxes[j, 2] - boxes[j, 0]) / height < LIKE]
        new = {j for j in alike if beside(boxes[j], boxes[list(row)], height).any()}
        row |= new
    return row


def is_level(box: NDArray[np.float64], boxes: NDArray[np.float64], height: float) -> bool:
    """Whether a box is close beside one of others, (N, 4), of which it has some rows, as an exponent."""
    down, across = apart(boxes, box)
    return bool(((down < 0) & (across < BESIDE * height)).any())


def beside(box: NDArray[np.float64], boxes: NDArray[np.float64], height: float) -> NDArray[np.bool_]:
    """Beside which boxes, (N, 4), of a row of this height, a box stands."""
    _, across = apart(boxes, box)
    level = np.abs(boxes[:, 0] + boxes[:, 2] - box[0] - box[2]) / 2
    return (across < BESIDE * height) & (level < LEVEL * height)
