"""Rows of digits that are much lower than the others of a page."""

import numpy as np
import pytest
from PIL import Image

from digits import load
from digits.pages.glyphs import Glyph
from digits.pages.sizes import by_size
from tests.helpers import written

LARGE = [(10, 10 + 70 * i, 100, 50) for i in range(3)]


def glyph(top: int, left: int, height: int, width: int) -> Glyph:
    """A filled box."""
    return Glyph(top, left, np.ones((height, width), np.float32), np.zeros((height, width), np.float32), 0.0)


def parts(*small: tuple[int, int, int, int], likely: float = 0.99) -> list[list[tuple[int, int]]]:
    """Where what is found with three large digits stands, part by part."""
    found = by_size([glyph(*box) for box in (*LARGE, *small)], 100, lambda pieces: np.full(len(pieces), likely))
    return [[(g.top, g.left) for g in some] for some, _ in found]


def test_a_row_of_low_digits_is_a_part_of_its_own_with_what_stands_in_it() -> None:
    row, one, point = [(130, 10 + 35 * i, 30, 20) for i in range(3)], (130, 115, 30, 4), (155, 122, 4, 4)
    assert parts(*row, one)[1] == [(130, 10), (130, 45), (130, 80), (130, 115)]
    assert len(parts(*row, point)[1]) == 4
    assert len(parts(*row[:2], one)) == len(parts(*row, likely=0.5)) == 1


def test_where_a_row_of_low_digits_is_found_fewer_that_stand_apart_are_read_with_it_but_exponents() -> None:
    row = [(130, 10 + 35 * i, 30, 20) for i in range(3)]
    two, three = [(200, 10, 30, 20), (200, 45, 30, 20)], [(10, 225, 30, 20)]
    assert parts(*row, *two, *three) == [[*(box[:2] for box in LARGE), (10, 225)], [*(box[:2] for box in row + two)]]


def test_low_pieces_of_digits_are_no_row() -> None:
    tops, feet = ([(top, 10 + 35 * i, 30, 20) for i in range(3)] for top in (130, 162))
    assert len(parts(*tops, *feet)) == 1
    assert len(parts(*[(130 + 60 * i, 10, 30, 20) for i in range(3)])) == 1  # below each other


def test_three_sizes_are_three_parts() -> None:
    rows = [(130 + i, 10 + h * j, h, h // 2) for i, h in ((0, 50), (70, 24)) for j in range(3)]
    assert [len(part) for part in parts(*rows)] == [3, 3, 3]


@pytest.mark.parametrize(
    ("large", "small", "below"),
    [(170, 62, 180), (300, 46, 330)],  # of the smaller ones, too few rows of pixels are seen at the scale of the others
)
def test_small_numbers_below_a_large_one_are_read(large: int, small: int, below: int) -> None:
    sheet = Image.new("L", (3 * large, below + 3 * small), 225)
    for digits, size, top in (("507", large, 0), ("2356", small, below), ("9483", small, below + small + 5)):
        for i, digit in enumerate(digits):
            sheet.paste(written(digit, size, max(4, size // 18)), (20 + round(0.75 * size) * i, top))
    read = load("pretrained").read(sheet)
    assert read.text == "507\n2356\n9483"
    assert [piece.box.top // below for piece in read.pieces] == [0] * 3 + [1] * 8
    assert all(0.6 * small < piece.box.height < 1.1 * small for piece in read.pieces[3:])
