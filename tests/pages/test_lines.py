"""Pieces of drawn lines that look like 1s."""

import numpy as np
import pytest

from digits.pages.glyphs import find_glyphs
from digits.pages.lines import without_lines
from digits.pages.locate import InkMap
from tests.helpers import Line, with_lines


def drawn(*lines: Line, light: bool = False, top: int = 60) -> InkMap:
    """Two 0s of 40 rows and a 1 that ends with them, of which the ink is known; and lines that are no ink."""
    ink = np.zeros((160, 240), np.float32)
    for left in (120, 180):
        ink[60:100, left : left + 25] = 1
        ink[65:95, left + 5 : left + 20] = 0
    ink[top:100, 60:64] = 1
    return with_lines(ink, lines, 4, 60, light)


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([], True),
        ([(61, 20, 61, 140)], False),  # a bracket
        ([(61, 100, 45, 150)], False),  # its end
        ([(0, 80, 100, 80)], False),  # an axis, of which it is a tick
        ([(0, 100, 100, 100)], True),  # a rule that it stands on
        ([(62, 102, 120, 102)], True),  # a rule that begins below it
        ([(62, 102, 108, 102), (62, 57, 108, 57)], False),  # the other sides of a box
        ([(20, 102, 62, 102), (62, 57, 108, 57)], False),
        ([(50, 80, 70, 80)], True),  # a short stroke
        ([(30, 20, 30, 140)], True),  # not at it
        ([(0, 80, 239, 80)], True),  # a rule of the paper, as it goes through digits, too
    ],
)
def test_a_narrow_stroke_that_goes_on_as_a_line_is_no_digit(lines: list[Line], kept: bool, light: bool) -> None:
    found = drawn(*lines, light=light)
    glyphs = find_glyphs(found)
    left = without_lines(glyphs, 40, found, lambda pieces: np.ones(len(pieces)))
    assert len(glyphs) == 3
    assert len(left) == (3 if kept else 2)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([(0, 22, 38, 22), (58, 60, 58, 140)], False),  # the sides of a frame go on from both ends of its corner
        ([(0, 22, 38, 22)], True),
        ([(58, 60, 58, 140)], True),
    ],
)
@pytest.mark.parametrize("turns", range(4))
def test_the_corner_of_a_frame_is_no_digit(lines: list[Line], kept: bool, turns: int) -> None:
    ink = np.zeros((160, 160), np.float32)
    ink[100:140, 100:130] = 1
    ink[108:132, 108:122] = 0
    ink[20:60, 38:62] = 1
    ink[24:60, 38:58] = 0
    upright = with_lines(ink, lines, 4, 40)
    found = upright._replace(
        **{name: np.rot90(getattr(upright, name), turns) for name in ("ink", "other", "contact", "image")}
    )
    assert len(without_lines(find_glyphs(found), 40, found, lambda pieces: np.ones(len(pieces)))) == (2 if kept else 1)


@pytest.mark.parametrize("hook", [0, 6])
def test_the_first_tick_of_a_comb_is_no_1(hook: int) -> None:
    found = drawn((62, 102, 120, 102), top=72)
    found.ink[96:100, 60 : 64 + hook] = 1  # some of the line was seen as ink
    for line, n in ((found, 2), (drawn((20, 102, 120, 102), top=72), 3)):
        assert len(without_lines(find_glyphs(line), 40, line, lambda pieces: np.ones(len(pieces)))) == n


def test_glare_beside_a_1_is_no_line() -> None:
    found = drawn()
    found.image[:75, 20:110][found.ink[:75, 20:110] < 1] = found.image[80, 61]
    assert len(without_lines(find_glyphs(found), 40, found, lambda pieces: np.ones(len(pieces)))) == 3


def test_where_no_digit_is_certain_nothing_is_left_out() -> None:
    found = drawn((61, 20, 61, 140))
    assert len(without_lines(find_glyphs(found), 40, found, lambda pieces: np.zeros(len(pieces)))) == 3
