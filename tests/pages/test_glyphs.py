"""What is connected, and what belongs together."""

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.pages import glyphs, joining
from digits.pages.glyphs import Glyph, find_glyphs, merge, usual_height
from digits.pages.locate import Grey, InkMap


def ink_map(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (100, 200), other: float = 0.0) -> InkMap:
    """Ink in boxes: top, left, height, width."""
    ink = np.zeros(shape, np.float32)
    for top, left, height, width in boxes:
        ink[top : top + height, left : left + width] = 0.9
    return InkMap(ink, np.full(shape, other, np.float32), np.zeros(shape, np.float32), 1.0, 1 - ink)


def outline(glyph: Glyph) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((glyph.ink > 0.4).any(axis)) for axis in (1, 0))
    return glyph.top + int(rows[0]), glyph.left + int(columns[0]), len(rows), len(columns)


def join(found: list[Glyph], usual: float, surely: int = 0) -> list[Glyph]:
    """Joined, where the classifier takes parts of that height for digits, and others for none."""

    def judge(pieces: list[Grey]) -> NDArray[np.float64]:
        return np.array([float((piece > 0.4).any(axis=1).sum() <= surely) for piece in pieces])

    return joining.join(found, usual, judge)


def test_each_connected_part_is_found_with_its_own_ink() -> None:
    boxes = [(10, 10, 40, 5), (12, 20, 40, 8)]
    found = find_glyphs(ink_map(*boxes))
    assert [outline(glyph) for glyph in found] == boxes
    assert [glyph.mass for glyph in found] == pytest.approx([180, 288])
    assert find_glyphs(ink_map()) == []


def test_of_many_parts_the_largest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "MOST", 2)
    found = find_glyphs(ink_map((1, 1, 2, 2), (10, 10, 20, 5), (50, 50, 1, 1), (12, 30, 30, 5)))
    assert [outline(glyph) for glyph in found] == [(10, 10, 20, 5), (12, 30, 30, 5)]


def test_a_loose_bar_is_joined_and_the_next_line_is_not() -> None:
    bar, body, below = (10, 10, 4, 20), (20, 8, 36, 20), (70, 8, 40, 20)
    joined = join(find_glyphs(ink_map(bar, body, below, shape=(120, 60))), 40)
    assert [outline(glyph)[0] for glyph in joined] == [10, 70]
    assert joined[0].mass == pytest.approx(0.9 * (80 + 720))


@pytest.mark.parametrize(("top", "height", "n"), [(10, 3, 2), (10, 6, 1), (58, 3, 1)])
def test_what_is_left_of_a_line_above_a_digit_is_no_part_of_it(top: int, height: int, n: int) -> None:
    digit, line = (20, 8, 36, 20), (top, 12, height, 30)
    assert len(join(find_glyphs(ink_map(digit, line, shape=(120, 60))), 40, surely=36)) == n


def test_neighbours_stay_apart() -> None:
    assert len(join(find_glyphs(ink_map((10, 10, 40, 15), (10, 27, 40, 15))), 40)) == 2


@pytest.mark.parametrize(("left", "n"), [(0.6, 1), (1.0, 2)])
def test_two_strokes_are_an_open_four_unless_both_are_digits(left: float, n: int) -> None:
    def judge(pieces: list[Grey]) -> NDArray[np.float64]:
        widths = [int((piece > 0.4).any(axis=0).sum()) for piece in pieces]
        return np.array([{14: left, 4: 1.0}.get(width, 0.99) for width in widths])

    strokes = ink_map((10, 10, 28, 14), (10, 28, 40, 4), (10, 60, 40, 4))
    strokes.ink[10:34, 14:24] = 0  # an L
    assert len(joining.join(find_glyphs(strokes), 40, judge)) == n + 1


@pytest.mark.parametrize(("height", "right", "n"), [(22, False, 1), (40, False, 2), (22, True, 2)])
def test_a_low_stroke_on_the_left_of_a_four_may_look_like_a_six(height: int, right: bool, n: int) -> None:
    def judge(pieces: list[Grey]) -> NDArray[np.float64]:
        widths = [int((piece > 0.4).any(axis=0).sum()) for piece in pieces]
        return np.array([{14: 0.99, 4: 1.0}.get(width, 0.999) for width in widths])

    left, stroke = (10, 10, height, 14), (10, 28, 40, 4)
    mirrored = [(top, 42 - start - width, *size, width) for top, start, *size, width in (left, stroke)]
    assert len(joining.join(find_glyphs(ink_map(*(mirrored if right else (left, stroke)))), 40, judge)) == n


def test_two_points_close_to_a_digit_are_a_colon_and_one_is_a_part_of_it() -> None:
    digits, upper, lower = [(10, 10, 40, 20), (10, 48, 40, 20)], (17, 36, 7, 7), (32, 36, 7, 7)
    assert [outline(g) for g in join(find_glyphs(ink_map(*digits, upper, lower)), 40)] == [*digits, (17, 36, 14, 7)]
    assert len(join(find_glyphs(ink_map(*digits, (17, 41, 7, 6))), 40)) == 2


def test_merged_glyphs_keep_their_ink_in_its_place() -> None:
    found = ink_map((10, 10, 40, 5), (12, 20, 40, 8))
    whole = merge(find_glyphs(found))
    assert np.array_equal(whole.ink, found.ink[whole.top : whole.bottom, whole.left : whole.right])


def test_the_usual_height_is_that_of_digits_not_of_dirt_or_marks() -> None:
    digits = [(10, 20 * i, 40, 10) for i in range(5)]
    specks = [(80, 5 * i, 2, 2) for i in range(30)]
    assert abs(usual_height(find_glyphs(ink_map(*digits, *specks))) - 40) <= 3


def test_a_comma_is_no_part_of_the_digit_before_it() -> None:
    seven, comma, bar = (10, 10, 40, 24), (46, 37, 14, 8), (10, 37, 14, 8)
    assert len(join(find_glyphs(ink_map(seven, comma)), 40)) == 2
    assert len(join(find_glyphs(ink_map(seven, bar)), 40)) == 1


def test_an_exponent_is_no_part_of_the_digit_before_it() -> None:
    digit, exponent = (20, 10, 40, 22), (14, 34, 18, 12)
    assert len(join(find_glyphs(ink_map(digit, exponent)), 40)) == 1
    assert len(join(find_glyphs(ink_map(digit, exponent)), 40, surely=40)) == 2
    assert len(join(find_glyphs(ink_map((20, 10, 30, 22), exponent)), 40, surely=40)) == 1  # parts of a broken one


@pytest.mark.parametrize("share", [0, 0.75, 0.9, 1])
@pytest.mark.parametrize("n", [1, 2, 7, 150])
def test_a_quantile_is_numpys(n: int, share: float) -> None:
    levels = np.random.default_rng(n).random(n, np.float32)
    assert glyphs.quantile(levels, share) == pytest.approx(float(np.quantile(levels, share)))
