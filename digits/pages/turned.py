"""Pages that lie on their side or stand on their head, without a word of it in their file: turned as their digits are.

Boxes are left, top, width, height in pixels of a picture.
"""

from collections.abc import Sequence

import numpy as np

from digits.pages.glyphs import LETTER, Glyph, Judge

FEW, MANY = 4, 40  # digits that are looked at
LOW, HIGH = 0.6, 2.5  # of the usual height is the longer side of a digit; on its side, it is higher than that is wide
WORDY = 6  # glyphs for each digit: where there are more, the others may be digits that look like letters as they lie
LEAST = 0.1  # of a probability counts: one strange sign decides nothing
SURE, BETTER = 0.7, 0.78  # geometric means of what is likely upright, and how many times that it is as the page lies

Rectangle = tuple[int, int, int, int]


def quarter_turns(glyphs: Sequence[Glyph], usual: float, judge: Judge) -> int:
    """How many quarter turns to the left bring a page upright: 0 but where its digits are clearly likelier turned.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is, as the page lies.
        judge: says how likely each is a digit.
    """
    clear = [g for g in glyphs if g.is_clear and g.mass >= max(g.ink.shape)]
    clear = [g for g in clear if LOW * usual <= max(g.ink.shape) <= HIGH * usual]
    digits = [g for g in clear if g.other < LETTER]
    if len(digits) >= max(FEW, len(clear) / WORDY) and likely(digits, 0, judge) > BETTER:
        return 0
    if len(digits) < max(FEW, len(clear) / 2):
        digits = clear  # which may look like letters as they lie
    if len(digits) < FEW or (lying := likely(digits, 0, judge)) > BETTER:
        return 0
    turned = [likely(digits, turns, judge) for turns in (1, 2, 3)]
    best = max(turned)
    return 1 + turned.index(best) if best > SURE and lying < BETTER * best else 0


def likely(digits: Sequence[Glyph], turns: int, judge: Judge) -> float:
    """How likely glyphs are digits, if the page is turned, on average; of many, some are looked at."""
    some = digits[:: -(-len(digits) // MANY)]
    seen = judge([np.ascontiguousarray(np.rot90(g.ink, turns)) for g in some])
    return float(np.exp(np.log(np.maximum(seen, LEAST)).mean()))


def turn_back(box: Rectangle, turns: int, shape: tuple[int, int]) -> Rectangle:
    """A box on a picture, (H, W), that was turned to the left by quarter turns, on the picture as it was."""
    left, top, width, height = box
    h, w = shape
    for _ in range(turns):
        left, top, width, height, h, w = h - top - height, left, height, width, w, h
    return left, top, width, height
