"""Which mark a glyph is, of those that stand between digits."""

import numpy as np
from numpy.typing import NDArray

from digits.data.frames import THRESHOLD
from digits.data.glyphs import Glyph


def name_mark(glyph: Glyph, usual: float, boxes: NDArray[np.float64]) -> str:
    """Name what a glyph is by its form: "" a digit, . , - / : a mark, ? something else that is no digit.

    Args:
        glyph: it.
        usual: how high a digit of the page is.
        boxes: of everything on the page, (N, 4): top, left, bottom, right.
    """
    if glyph.other < 0.5:
        return ""
    h, w = glyph.height, glyph.width
    if h < 0.45 * usual and w > 1.7 * h and w < 0.95 * usual:
        return "-"
    if max(h, w) < 0.5 * usual:
        return "," if h > 1.4 * w and below_line(glyph, usual, boxes) else "."
    ink = glyph.ink > THRESHOLD
    rows: NDArray[np.bool_] = np.asarray(ink.any(axis=1))
    if not rows[h // 3 : 2 * h // 3].any() and w < 0.5 * usual and h < 0.9 * usual:
        return ":"
    y, x = np.nonzero(ink)
    upright = h > 0.7 * usual and h > 1.1 * w
    if upright and len(x) > 2 and np.std(x) > 0 and np.corrcoef(x, y)[0, 1] < -0.9:
        return "/"
    return "?"


def below_line(glyph: Glyph, usual: float, boxes: NDArray[np.float64]) -> bool:
    """Whether a glyph reaches below the digits beside it."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    beside = (np.abs(middle - glyph.center[1]) < 2 * usual) & (np.abs(boxes[:, 2] - glyph.bottom) < 0.8 * usual)
    tall = beside & (boxes[:, 2] - boxes[:, 0] > 0.7 * usual)
    return bool(tall.any()) and glyph.bottom > float(np.median(boxes[tall, 2])) + 0.05 * usual
