"""Words on a page: letters that stand together are one sign that is no digit, whatever some of them look like."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from digits.pages.glyphs import LETTER, SURE, Glyph, Judge, merge
from digits.pages.layout import Place

WORD = 0.6  # of a word is seen as no digit, at least
CERTAIN = 0.95  # and of what the classifier may be sure of, all the same
HINT = 0.05  # of a word is seen as no digit, at least, where most of its letters are less `LIKELY` digits than that
LIKELY, LETTERS = 0.95, 3  # and these are that many
CLOSE = 0.4  # of the lower one's height: letters of a word are nearer than that
WIDEST = 2.2  # times as wide as high is a digit at most
SIZES = 2.5  # times as high as the next one is a letter at most


def join_words(
    glyphs: Sequence[Glyph], names: Sequence[str], places: Sequence[Place], judge: Judge
) -> list[tuple[Glyph, str, Place]]:
    """Put each word together: what stands close together and is, on the whole, seen as no digits.

    An O or an l in a word may look like a digit, and a 1 in a number like a letter: the others decide. What the network
    for ink hardly sees as letters is a word, too, where the classifier doubts most of them.

    Args:
        glyphs: everything on the page.
        names: of each, a mark, or "".
        places: where each stands, in reading order.
        judge: says how likely each is a digit.

    Returns:
        Each with its name, "?" for a word, a letter that is clearly one, and what is too wide for a digit, in reading
        order.
    """
    rows = [list(row) for _, row in groupby(places, key=lambda place: (place.line, place.number))]
    groups = [chain for row in rows for chain in chains(row, glyphs)]
    letters = [[place.which for place in chain if not names[place.which]] for chain in groups]
    in_words = [i for which in letters if other(glyphs, which) >= HINT for i in which]
    alone = [i for which in letters for i in which if other(glyphs, [i]) >= LETTER]
    asked = list(dict.fromkeys(in_words + alone))
    likely = dict(zip(asked, judge([glyphs[i].ink for i in asked]).tolist(), strict=True))

    def is_word(which: list[int], least: float) -> bool:
        """Whether glyphs are, together, no digits."""
        seen = other(glyphs, which)
        if seen < (HINT if len(which) >= LETTERS else least):
            return False
        each = np.maximum([likely[i] for i in which], 1e-3)
        if seen < least:
            doubted = int((each < LIKELY).sum())
            return doubted >= LETTERS and doubted > len(each) / 2
        sure = float(np.exp(np.log(each).mean()))
        return sure < SURE or seen >= CERTAIN

    found = []
    for chain, which in zip(groups, letters, strict=True):
        if is_word(which, WORD):
            found.append((merge([glyphs[place.which] for place in chain]), "?", chain[0]))
            continue
        for place in chain:
            i = place.which
            is_digit = not names[i] and glyphs[i].width <= WIDEST * glyphs[i].height and not is_word([i], LETTER)
            found.append((glyphs[i], "" if is_digit else names[i] or "?", place))
    return found


def other(glyphs: Sequence[Glyph], which: Sequence[int]) -> float:
    """How much of the ink of some glyphs is seen as no digit, 0 to 1."""
    mass = sum(glyphs[i].mass for i in which)
    return sum(glyphs[i].other * glyphs[i].mass for i in which) / mass if mass else 0.0


def chains(number: list[Place], glyphs: Sequence[Glyph]) -> list[list[Place]]:
    """What of a number, from left to right, stands as close together as the letters of a word."""
    out = [number[:1]]
    for place in number[1:]:
        last, this = glyphs[out[-1][-1].which], glyphs[place.which]
        low, high = sorted((last.height, this.height))
        near = this.left - last.right <= CLOSE * low and high <= SIZES * low
        out[-1].append(place) if near else out.append([place])
    return out
