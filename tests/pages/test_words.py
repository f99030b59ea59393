"""Words are put together, and are no digits."""

import numpy as np

from digits.pages.glyphs import Glyph
from digits.pages.layout import Place
from digits.pages.words import join_words


def glyph(left: int, other: float, height: int = 20, width: int = 12) -> Glyph:
    """A filled box that is seen as no digit to the degree `other`."""
    return Glyph(0, left, np.ones((height, width), np.float32), np.zeros((height, width), np.float32), other)


def row(*glyphs: Glyph, likely: float | list[float] = 0.5) -> list[tuple[str, int, int]]:
    """What stands on one line: each name, where it begins, how wide it is; each is as `likely` a digit."""
    places = [Place(i, 0, 0, -1) for i in range(len(glyphs))]
    found = join_words(glyphs, ["" for _ in glyphs], places, lambda pieces: np.resize(likely, len(pieces)))
    return [(name, one.left, one.width) for one, name, _ in found]


def test_letters_that_stand_together_are_one_word_whatever_some_look_like() -> None:
    assert row(glyph(0, 0.9), glyph(14, 0.1), glyph(28, 0.9)) == [("?", 0, 40)]


def test_a_number_beside_a_word_stays_a_number() -> None:
    found = row(glyph(0, 0.9), glyph(14, 0.8), glyph(50, 0.1), glyph(64, 0.2))
    assert found == [("?", 0, 26), ("", 50, 12), ("", 64, 12)]


def test_small_letters_before_large_digits_are_no_part_of_the_number() -> None:
    assert row(glyph(0, 0.9, 8, 6), glyph(8, 0.1, 40, 20)) == [("?", 0, 6), ("", 8, 20)]


def test_what_the_classifier_is_sure_of_is_a_digit_unless_it_is_certainly_a_letter() -> None:
    ones = [glyph(0, 0.7), glyph(14, 0.9)]
    assert [name for name, *_ in row(*ones, likely=0.99)] == ["", ""]
    assert [name for name, *_ in row(*ones, likely=0.9)] == ["?"]
    assert [name for name, *_ in row(glyph(0, 0.99), glyph(14, 0.97), likely=0.99)] == ["?"]


def test_a_letter_in_a_number_is_one_where_it_is_clearly_one() -> None:
    likely = [0.99, 0.5, 0.99]
    assert [name for name, *_ in row(glyph(0, 0.1), glyph(14, 0.9), glyph(28, 0.1), likely=likely)] == ["", "?", ""]
    assert [name for name, *_ in row(glyph(0, 0.1), glyph(14, 0.7), glyph(28, 0.1), likely=likely)] == ["", "", ""]


def test_what_is_hardly_seen_as_letters_is_a_word_where_most_of_it_is_no_likely_digit() -> None:
    word = [glyph(14 * i, 0.3) for i in range(4)]
    assert [name for name, *_ in row(*word, likely=[0.3, 1.0, 0.7, 0.9])] == ["?"]
    assert [name for name, *_ in row(*word, likely=[0.3, 1.0, 0.7, 1.0])] == ["", "", "", ""]  # as in AB12
    assert [name for name, *_ in row(*word[:3], likely=[0.3, 1.0, 0.7])] == ["", "", ""]  # too short to be told
    digits = [glyph(14 * i, 0.03) for i in range(4)]
    assert [name for name, *_ in row(*digits, likely=0.6)] == ["", "", "", ""]


def test_what_is_much_wider_than_high_is_no_digit() -> None:
    assert row(glyph(0, 0, width=40), glyph(60, 0, width=50), likely=1.0) == [("", 0, 40), ("?", 60, 50)]
