"""Pages that lie on their side or stand on their head, without a word of it in their file: turned as their digits are.

Boxes are left, top, width, height in pixels of a picture.
"""

from collections.abc import Sequence

import numpy as np

from digits.pages.glyphs import LETTER, Glyph, Judge, usual_height
from digits.pages.locate import Grey
from digits.pages.look import Look, look_at

FEW, MANY = 4, 40  # digits that are looked at
CROWDED = 600  # pieces of ink: a page with more is printed text or a texture, and takes long to look at again
LOW, HIGH = 0.6, 2.5  # of the usual height is the longer side of a digit; on its side, it is higher than that is wide
WORDY = 6  # glyphs for each digit: where there are more, the others may be digits that look like letters as they lie
LEAST = 0.1  # of a probability counts: one strange sign decides nothing
LYING = 0.6  # where what is seen is likelier digits, on average, a page is not looked at as it would be turned
SURE, BETTER = 0.7, 0.78  # geometric means of what is likely upright, and how many times that it is as the page lies

Rectangle = tuple[int, int, int, int]


def quarter_turns(glyphs: Sequence[Glyph], usual: float, judge: Judge) -> int:
    """How many quarter turns to the left bring a page upright: 0 but where its digits are clearly likelier turned.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is, as the page lies.
        judge: says how likely each is a digit.
    """
    clear, digits = may_be_digits(glyphs, usual)
    if are_enough(digits, clear) and likely(digits, 0, judge) > BETTER:
        return 0
    if len(digits) < max(FEW, len(clear) / 2):
        digits = clear  # which may look like letters as they lie
    if len(digits) < FEW or (lying := likely(digits, 0, judge)) > BETTER:
        return 0
    return clearly_better({turns: likely(digits, turns, judge) for turns in (1, 2, 3)}, lying)


def side_turns(grey: Grey, seen: Look, judge: Judge) -> int:
    """As `quarter_turns`, for a page, (H, W), on its side, of which other things are seen than if it stood upright.

    The network for ink takes lines of a table or of the paper for strokes, and digits for letters, where they lie. So
    the page is looked at as it would be turned, if hardly anything on it is a likely digit.

    Args:
        grey: the page.
        seen: what is seen of it as it lies.
        judge: says how likely each is a digit.
    """
    clear, digits = may_be_digits(seen.glyphs, usual_height(seen.glyphs))
    some = digits if len(digits) >= FEW else clear
    if len(some) < FEW or len(seen.glyphs) > CROWDED or (lying := likely(some, 0, judge)) > LYING:
        return 0
    found = {}
    for turns in (1, 3):
        glyphs = look_at(np.ascontiguousarray(np.rot90(grey, turns)), seen.found.scale).glyphs
        clear, digits = may_be_digits(glyphs, usual_height(glyphs)) if glyphs else ([], [])
        found[turns] = likely(digits, 0, judge) if are_enough(digits, clear) else 0.0
    return clearly_better(found, lying)


def may_be_digits(glyphs: Sequence[Glyph], usual: float) -> tuple[list[Glyph], list[Glyph]]:
    """What of a page is clearly ink, and of a size that a digit may have; and what of it is not clearly a letter."""
    clear = [g for g in glyphs if g.is_clear and g.mass >= max(g.ink.shape)]
    clear = [g for g in clear if LOW * usual <= max(g.ink.shape) <= HIGH * usual]
    return clear, [g for g in clear if g.other < LETTER]


def are_enough(digits: Sequence[Glyph], clear: Sequence[Glyph]) -> bool:
    """Whether what may be digits is enough of what is clear to tell how a page lies."""
    return len(digits) >= max(FEW, len(clear) / WORDY)


def clearly_better(turned: dict[int, float], lying: float) -> int:
    """The quarter turns by which digits are likeliest; 0 where they are hardly likelier than as they lie.

    Args:
        turned: how likely they are by each number of quarter turns.
        lying: how likely they are as the page lies.
    """
    best = max(turned, key=turned.__getitem__)
    return best if turned[best] > SURE and lying < BETTER * turned[best] else 0


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
