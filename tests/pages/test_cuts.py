"""Touching digits are cut where a judge finds the likeliest digits."""

import numpy as np
import pytest

from digits.pages import cuts
from digits.pages.cuts import MOST_PIECES, apart_low, may_touch, split_all
from digits.pages.glyphs import Glyph
from digits.pages.locate import Grey

HEIGHT = 40


def rings(n: int, contact: float = 0.8) -> Glyph:
    """`n` rings in a row, each 24 wide, that touch; the network has seen the contacts as much."""
    y, x = np.mgrid[:HEIGHT, : 24 * n].astype(np.float32)
    ink, touch = np.zeros(y.shape, np.float32), np.zeros(y.shape, np.float32)
    for i in range(n):
        radius = np.hypot((y - 19.5) / 19.5, (x - 11.5 - 24 * i) / 12.5)
        ink = np.maximum(ink, ((radius < 1) & (radius > 0.7)).astype(np.float32))
        if i:
            touch[10:30, 24 * i - 3 : 24 * i + 3] = contact
    return Glyph(5, 7, ink, touch, 0.0)


def as_wide_as(width: float) -> object:
    """A judge that takes for a digit what has a ring's width."""
    return lambda pieces: np.array([np.exp(-(((piece.shape[1] - width) / 6) ** 2)) for piece in pieces])


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("contact", [0.0, 0.8])
def test_touching_rings_are_cut_apart(n: int, contact: float) -> None:
    glyph = rings(n, contact)
    assert may_touch(glyph, HEIGHT, 1.0)
    pieces = split_all([glyph], HEIGHT, as_wide_as(24))  # type: ignore[arg-type]
    assert [round((piece.left - 7) / 24) for piece in pieces] == list(range(n))
    assert sum(piece.mass for piece in pieces) == pytest.approx(glyph.mass, rel=0.1)


def test_one_digit_stays_whole_if_the_judge_knows_it() -> None:
    glyph = rings(2, contact=0.2)
    assert len(split_all([glyph], HEIGHT, as_wide_as(48))) == 1  # type: ignore[arg-type]


def test_what_the_judge_doubts_is_cut_into_what_it_knows_although_no_contact_is_seen() -> None:
    def judge(pieces: list[Grey]) -> np.ndarray:
        return np.array([1.0 if abs(piece.shape[1] - 24) < 3 else 0.3 for piece in pieces])

    assert [piece.left for piece in split_all([rings(2, contact=0)], HEIGHT, judge)] == [7, pytest.approx(31, abs=2)]


@pytest.mark.parametrize(("together", "n"), [(0.98, 2), (0.9999, 1)])
def test_what_is_almost_surely_one_digit_is_cut_into_two_that_are_surer(together: float, n: int) -> None:
    def judge(pieces: list[Grey]) -> np.ndarray:
        return np.array([together if piece.shape[1] > 30 else 0.9999 for piece in pieces])

    assert len(split_all([rings(2, contact=0)], HEIGHT, judge)) == n


def test_of_too_many_that_may_be_cut_the_most_doubtful_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(pieces: list[Grey]) -> np.ndarray:
        return np.array([float(1 - piece.max()) if piece.shape[1] > 30 else 1.0 for piece in pieces])

    doubtful = rings(2)
    likely = doubtful._replace(left=100, ink=0.6 * doubtful.ink)
    monkeypatch.setattr(cuts, "MOST_PIECES", len(cuts.Plan(doubtful, HEIGHT).ways))
    for both in ([doubtful, likely], [likely, doubtful]):
        assert sorted(piece.left >= 100 for piece in split_all(both, HEIGHT, judge)) == [False, False, True]


def test_the_judge_is_not_asked_about_what_no_digit_looks_like() -> None:
    heights: list[int] = []

    def judge(pieces: list[Grey]) -> np.ndarray:
        heights.extend(piece.shape[0] for piece in pieces)
        return np.full(len(pieces), 0.5)

    row = rings(4)
    row.ink[:28] = 0  # arcs, a quarter as high as a digit
    split_all([row], HEIGHT, judge)
    assert len(heights) == 2  # the whole row: once before cuts are proposed, and once beside them


def test_a_single_ring_is_not_suspected() -> None:
    assert not may_touch(rings(1), HEIGHT, 1.0)


def test_the_judge_is_asked_about_a_bounded_number_of_pieces() -> None:
    asked: list[int] = []

    def judge(pieces: list[Grey]) -> np.ndarray:
        asked.append(len(pieces))
        return np.ones(len(pieces))

    split_all([rings(12)] * 40, HEIGHT, judge)
    assert asked[0] == 40
    assert 30 <= asked[1] <= MOST_PIECES
    assert len(asked) == 2


def test_a_clear_letter_is_not_cut() -> None:
    wide = Glyph(0, 0, np.ones((20, 40), np.float32), np.zeros((20, 40), np.float32), 0.1)
    assert may_touch(wide, 20, 0.5)
    letter = Glyph(0, 0, wide.ink, wide.contact, 0.9)
    assert not may_touch(letter, 20, 0.5)
    assert not may_touch(wide, 4, 0.5)  # a drawing among small digits


def test_no_digit_much_smaller_than_the_others_is_cut_from_a_sign() -> None:
    glyph = rings(2, contact=0.0)
    small = glyph._replace(ink=glyph.ink.copy())
    small.ink[:26, 24:] = 0  # a percent sign ends with a small ring
    judge = lambda pieces: np.array([0.12 if piece.shape[1] > 30 else 1.0 for piece in pieces])  # noqa: E731
    assert len(split_all([small], HEIGHT, judge)) == 1
    assert len(split_all([glyph], HEIGHT, judge)) == 2


@pytest.mark.parametrize(("high", "apart"), [(HEIGHT + 1, 24), (HEIGHT, 24), (HEIGHT + 1, 30)])
def test_low_digits_that_touch_are_cut_apart_where_each_is_a_sure_one(high: int, apart: int) -> None:
    def judge(pieces: list[Grey]) -> np.ndarray:
        return np.array([1.0 if abs(piece.shape[1] - apart) < 3 else 0.2 for piece in pieces])

    pair = rings(2)
    rest, digits = apart_low([rings(1), pair], high, judge)
    if high > HEIGHT and apart == 24:
        assert len(rest) == 1
        assert [piece.left for piece in digits] == [7, pytest.approx(31, abs=2)]
    else:
        assert any(g is pair for g in rest)
        assert not digits


def test_the_halves_of_a_low_plus_are_no_digits() -> None:
    ink = np.zeros((HEIGHT, HEIGHT), np.float32)
    ink[17:23], ink[:, 17:23] = 1, 1
    plus = Glyph(0, 0, ink, ink, 0.0)
    rest, digits = apart_low([plus], HEIGHT + 1, lambda pieces: np.array([float(p.shape[1] < 35) for p in pieces]))
    assert [g is plus for g in rest] == [True]
    assert not digits
