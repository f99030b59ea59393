"""Marks are named by their form."""

import numpy as np
import pytest

from digits.data.glyphs import Glyph
from digits.data.marks import name_mark

DIGIT = [10.0, 0.0, 50.0, 25.0]  # top, left, bottom, right: 40 high


def glyph(top: int, left: int, ink: np.ndarray, other: float = 0.9) -> Glyph:
    return Glyph(top, left, ink.astype(np.float32), np.zeros(ink.shape, np.float32), other)


def name(one: Glyph) -> str:
    return name_mark(one, 40, np.array([DIGIT, [10, 40, 50, 65]]))


def test_marks_are_told_apart() -> None:
    slash = np.eye(44)[::-1][:, 12:40]
    colon = np.zeros((24, 5))
    colon[:5] = colon[-5:] = 1
    assert name(glyph(44, 30, np.ones((6, 6)))) == "."
    assert name(glyph(44, 30, np.ones((14, 6)))) == ","
    assert name(glyph(28, 28, np.ones((4, 14)))) == "-"
    assert name(glyph(8, 28, slash)) == "/"
    assert name(glyph(20, 30, colon)) == ":"
    assert name(glyph(10, 28, np.ones((40, 30)))) == "?"


@pytest.mark.parametrize("shape", [(40, 20), (6, 6), (4, 14)])
def test_a_digit_has_no_mark(shape: tuple[int, int]) -> None:
    assert name(glyph(10, 28, np.ones(shape), other=0.1)) == ""
