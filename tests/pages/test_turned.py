"""Pages that lie on their side are turned where their digits say so."""

import numpy as np
import pytest
from PIL import Image

from digits import load
from digits.pages import turned
from digits.pages.glyphs import Glyph
from digits.pages.locate import Grey, InkMap
from digits.pages.look import Look
from digits.pages.turned import quarter_turns, side_turns, turn_back
from tests.helpers import written


def bars(n: int, upright: int) -> list[Glyph]:
    """`n` shapes that are heaviest at the top, turned to the right by quarter turns."""
    ink = np.zeros((40, 24), np.float32)
    ink[:12], ink[:, 10:14] = 1, 1
    ink = np.ascontiguousarray(np.rot90(ink, -upright))
    return [Glyph(10, 50 * i, ink, 0 * ink, 0.1) for i in range(n)]


def sure_of_heavy_tops(pieces: list[Grey]) -> np.ndarray:
    return np.array([1.0 if ink[: len(ink) // 3].mean() > 0.9 else 0.3 for ink in pieces])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_page_is_turned_as_most_of_its_digits_are_likeliest(turns: int) -> None:
    assert quarter_turns(bars(5, turns), 40, sure_of_heavy_tops) == turns
    assert quarter_turns(bars(3, turns), 40, sure_of_heavy_tops) == 0  # too few to tell
    assert quarter_turns(bars(5, turns), 40, lambda pieces: np.full(len(pieces), 0.4)) == 0


def test_words_do_not_turn_a_page_whose_digits_stand_upright() -> None:
    letters = [one._replace(other=1.0) for one in bars(15, 2)]  # which look like digits if they stand on their head
    assert quarter_turns(bars(5, 0) + letters, 40, sure_of_heavy_tops) == 0
    assert quarter_turns(letters, 40, sure_of_heavy_tops) == 2  # digits that look like letters as they lie


@pytest.mark.parametrize(("upright", "n", "turns"), [(1, 5, 1), (3, 5, 3), (1, 3, 0), (2, 5, 0)])
def test_a_page_is_looked_at_turned_where_hardly_a_digit_is_seen(
    upright: int, n: int, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = np.zeros((60, 300), np.float32)
    page[0, 0] = 1  # a corner tells how it is turned
    nothing = InkMap(page, page, page, 1.0, page)

    def look_at(grey: Grey, scale: float) -> Look:
        turned_by = [np.array_equal(np.rot90(page, k), grey) for k in range(4)].index(True)
        return Look(nothing, bars(n, 0 if turned_by == upright else 2))

    monkeypatch.setattr(turned, "look_at", look_at)
    lines, many = bars(5, 1), bars(600, 1)
    assert side_turns(page, Look(nothing, [*lines, *many]), sure_of_heavy_tops) == 0
    assert side_turns(page, Look(nothing, lines), sure_of_heavy_tops) == turns
    assert side_turns(page, Look(nothing, lines), lambda pieces: np.ones(len(pieces))) == 0  # digits as they lie


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_boxes_are_turned_back(turns: int) -> None:
    page = np.zeros((30, 50), int)
    page[4:10, 20:23] = 1
    turned = np.rot90(page, turns)
    rows, columns = (np.flatnonzero(turned.any(axis)) for axis in (1, 0))
    box = int(columns[0]), int(rows[0]), len(columns), len(rows)
    assert turn_back(box, turns, turned.shape) == (20, 4, 3, 6)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read(angle: int) -> None:
    page = Image.new("L", (420, 140), 225)
    for left, one in ((10, "7"), (110, "4"), (210, "5"), (310, "2")):
        page.paste(written(one).resize((100, 100)), (left, 20))
    reading = load("pretrained").read(page.rotate(angle, expand=True))
    assert reading.text.replace(" ", "") == "7452"
    assert not reading.note
    first = reading.pieces[0].box
    assert (first.top > 300) == (angle == 90)
    assert (first.left > 300) == (angle == 180)
