"""Drawings among the digits of a page."""

import numpy as np
import pytest

from digits.pages.drawings import out_of_circles, without_circles, without_curves
from digits.pages.glyphs import Glyph
from digits.pages.locate import Grey

USUAL = 40


def drawn(top: int, left: int, height: int, width: int, pen: int = 4, without: str = "") -> Glyph:
    """An oblong, some of whose four sides, t, b, l, r, are missing."""
    ink = np.zeros((height, width), np.float32)
    for side, strip in zip("tblr", (ink[:pen], ink[-pen:], ink[:, :pen], ink[:, -pen:]), strict=True):
        if side not in without:
            strip[:] = 1
    return Glyph(top, left, ink, 0 * ink, 0.0)


def sure(pieces: list[Grey]) -> np.ndarray:
    return np.ones(len(pieces))


def doubtful(pieces: list[Grey]) -> np.ndarray:
    return np.full(len(pieces), 0.9)


@pytest.mark.parametrize(("without", "left"), [("", 1), ("l", 1), ("r", 1), ("b", 2), ("t", 2), ("lr", 2)])
def test_a_circle_or_a_piece_of_one_around_a_digit_is_none(without: str, left: int) -> None:
    digit, circle = drawn(30, 40, 40, 24), drawn(20, 30, 60, 44, without=without)
    assert len(without_circles([circle, digit], USUAL, sure)) == left


def test_a_circle_stays_where_what_it_is_around_may_be_no_digit_or_a_part_of_a_zero() -> None:
    digit, circle, zero = drawn(30, 40, 40, 24), drawn(20, 30, 60, 44), drawn(25, 30, 46, 44)
    assert len(without_circles([circle, digit], USUAL, doubtful)) == 2
    assert len(without_circles([zero, digit], USUAL, sure)) == 2
    assert len(without_circles([circle, drawn(40, 40, 15, 10)], USUAL, sure)) == 2
    assert len(without_circles([circle, drawn(30, 90, 40, 24)], USUAL, sure)) == 2


def circled(inner: float, tall: float = 1.0) -> Glyph:
    """A circle around a vertical stroke with a bar, so high a share of it that it may touch it."""
    y, x = np.mgrid[:60, : round(60 / tall)]
    away = np.hypot((y - 29.5) / 29.5, (x - 29.5 / tall) * tall / 29.5)
    stroke = (np.abs(x - 29.5 / tall) < 2) | ((np.abs(y - 29.5) < 2) & (np.abs(x - 29.5 / tall) < 10))
    ink = ((away < 1) & (away > 0.87)) | (stroke & (np.abs(y - 29.5) < 29.5 * inner))
    return Glyph(20, 30, ink.astype(np.float32), np.zeros(ink.shape, np.float32), 0.0)


def test_a_digit_that_touches_the_circle_around_it_is_read_without_it() -> None:
    (digit,) = out_of_circles([circled(1.0)], sure)
    assert 40 < digit.height < 54
    assert digit.width < 24
    assert abs(digit.center[0] - 50) <= 1
    assert abs(digit.center[1] - 60) <= 1


@pytest.mark.parametrize("glyph", [circled(0.0), circled(0.4), circled(1.0, tall=1.4), drawn(20, 30, 60, 60)])
def test_what_has_nothing_large_in_it_or_is_no_circle_stays_whole(glyph: Glyph) -> None:
    assert out_of_circles([glyph], sure)[0] is glyph
    assert out_of_circles([circled(1.0)], doubtful)[0].height == 60


@pytest.mark.parametrize(("height", "pen", "other"), [(200, 4, 1.0), (200, 10, 0.0), (150, 4, 0.0)])
def test_what_is_much_higher_than_digits_with_the_same_pen_is_no_digit(height: int, pen: int, other: float) -> None:
    *digits, curve = without_curves(
        [drawn(0, 30 * i, 40, 24) for i in range(3)] + [drawn(60, 0, height, 90, pen)], USUAL
    )
    assert curve.other == other
    assert {g.other for g in digits} == {0.0}
