"""What of what is connected on a page belongs together: the parts of a digit.

Lengths are in pixels of an `InkMap`.
"""

import numpy as np
from numpy.typing import NDArray

from digits.pages.glyphs import POINT, SURE, Glyph, Judge, apart, boxes_of, merge, without

PART, FULL = 0.3, 0.85  # of the usual height are parts that are digits themselves at least, and the highest of them
WIDE = 0.4  # of its height is such a part wide, at least
FLAT = 0.15  # of it is what is left of a line that is drawn above a digit, such as that of a fraction, at most
DOUBT = 0.9  # of several parts as one digit it is less, where two of them are sure ones
BESIDE = 0.17  # of the usual height are two strokes of a broken digit apart, at most
LOWER = 0.7  # of the right one's height is the left one lower: it looks like a 6, but no digit stands so beside a 1
BROKEN = 0.95  # of one of them as a digit is it less sure; and of a digit with what is left of a line


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
