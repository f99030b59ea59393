"""Printed words and digits on made pages."""

import numpy as np
import pytest

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.typed import LIKE_DIGITS, font_files, random_word, typeset
from digits.data.synthetic.writing import Hand, Sheet, strike_out, type_rows


@pytest.mark.parametrize("height", [10, 40])
def test_capitals_are_as_high_as_asked_in_all_fonts(height: int) -> None:
    assert len(font_files()) > 15
    for file in font_files():
        line = typeset("H", height, file)
        assert abs(line.shape[0] - height) <= 1 + 0.15 * height
        assert line.max() > 0.9


def test_words_have_no_digits_and_no_lonely_letter_that_looks_like_one() -> None:
    words = [random_word(Dice(seed)) for seed in range(300)]
    assert not any(c.isdigit() for word in words for c in word)
    assert not {*words} & LIKE_DIGITS
    assert len({*words}) > 250


def test_printed_text_is_no_digit_and_leaves_alone_what_is_written() -> None:
    printed = 0
    for seed in range(10):
        sheet = Sheet((150, 150))
        sheet.put(np.ones((60, 40), np.float32), 45, 55, label=1)
        type_rows(sheet, Dice(seed))
        assert not sheet.other[45:105, 55:95].any()
        assert (sheet.ink[45:105, 55:95] == 1).all()
        printed += bool(sheet.other.any())
    assert printed > 5


def test_what_is_struck_out_is_no_digit() -> None:
    sheet, hand = Sheet((100, 200)), Hand(40, 3, 0.1, 0.1, np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64), [[]])
    for left in (20, 50, 120):
        sheet.put(np.ones((40, 20), np.float32), 30, left, label=8)
    strike_out(sheet, hand, Dice(1), base=70, left=20, right=70)
    assert (sheet.other[30:70, 20:40] == 1).all()
    assert not sheet.other[:, 120:140].any()
