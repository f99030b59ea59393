"""Digits as strokes."""

import numpy as np
import pytest
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.skeleton import thin, trace, trace_all
from digits.data.synthetic.strokes import DIGITS, LETTERS, SIGNS, parse, smooth, write
from tests.helpers import similarity


@pytest.mark.parametrize("form", [form for forms in (*DIGITS.values(), LETTERS, SIGNS) for form in forms])
def test_every_form_can_be_written(form: str) -> None:
    glyph = write(form, 40, 3, Dice(0))
    assert 0.3 < glyph.max() <= 1
    assert glyph.min() == 0
    assert max(glyph.shape) >= 0.3 * 40


@pytest.mark.parametrize(("height", "pen"), [(14, 1), (60, 4), (200, 20)])
def test_a_digit_is_as_high_as_asked_and_its_pen_as_wide(height: int, pen: int) -> None:
    glyph = write("40 48", height, pen, Dice(1))
    rows = np.flatnonzero((glyph > 0.5).any(axis=1))
    assert abs(len(rows) - height) <= max(2, 0.1 * height)
    assert abs((glyph.sum(axis=1)[rows[len(rows) // 2]]) - pen) <= 0.3 * pen + 0.7


def test_corners_stay_and_curves_go_through_their_points() -> None:
    points = parse("00 80 80 38")[0]
    curve = smooth(points)
    for point in points:
        assert np.abs(curve - point).sum(axis=1).min() < 1e-6


def test_thinning_keeps_what_is_connected_and_its_holes() -> None:
    y, x = np.mgrid[:40, :60]
    rings = (np.abs(np.hypot(y - 20, x - 15) - 10) < 3) | (np.abs(np.hypot(y - 20, x - 43) - 10) < 4)
    line = thin(rings[None])[0]
    assert (line <= rings).all()
    assert line.sum() < 0.3 * rings.sum()
    for one in (rings, line):
        assert ndimage.label(one, np.ones((3, 3)))[1] == 2
        assert ndimage.label(~one)[1] == 3


def test_a_traced_line_covers_the_line() -> None:
    line = np.zeros((30, 30), bool)
    line[5:25, 10] = line[15, 10:20] = True
    strokes = trace(line)
    points = np.concatenate(strokes)
    assert np.allclose(points.min(axis=0), 0)
    assert points[:, 1].max() == pytest.approx(1)
    assert len(strokes) == 3  # from the crossing to each of the ends


def test_a_digit_redrawn_from_its_strokes_looks_like_itself() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:15] = image[4:7, 8:15] = 255
    strokes = trace_all(image[None])[0]
    again = np.zeros((28, 28))
    for stroke in strokes:
        for x, y in stroke * 19:
            again[4 + round(y), min(27, 8 + round(x))] = 255
    assert similarity(again, image) > 0.8


def test_a_digit_with_a_filled_loop_is_not_redrawn_as_another() -> None:
    y, x = np.mgrid[:28, :28]
    upper, lower = np.hypot(y - 9, x - 14), np.hypot(y - 19, x - 14)
    eight = 255 * ((abs(upper - 4.5) < 1.2) | (abs(lower - 4.5) < 1.2)).astype(np.uint8)
    filled = np.maximum(eight, 255 * (lower < 4).astype(np.uint8))
    whole, filled_one = trace_all(np.stack([eight, filled]))
    assert whole
    assert not filled_one
