"""Handwritten words on made pages."""

import numpy as np
import pytest

from digits.data.synthetic import script
from digits.data.synthetic.dice import Dice
from digits.data.synthetic.paper import wood
from digits.data.synthetic.script import TAUGHT, plain_fonts, printed, resize_small, taught, write_by_hand


@pytest.mark.parametrize("char", "Hgio")
def test_printed_letters_stand_on_their_base_line(char: str) -> None:
    for file in plain_fonts():
        strokes, width = printed(char, file)
        y = np.concatenate(strokes)[:, 1]
        assert width > 0.15
        assert y.max() == pytest.approx(0.25 if char == "g" else 0, abs=0.15)  # half a printed stroke above it
        assert -y.min() == pytest.approx({"H": 0.95, "i": 0.95}.get(char, 0.7), abs=0.15)
    assert any(len(one) == 1 for one in printed("i", plain_fonts()[0])[0])  # its dot


def test_every_small_letter_has_its_forms_as_taught() -> None:
    assert "".join(TAUGHT) == "abcdefghijklmnopqrstuvwxyz"
    for char, forms in TAUGHT.items():
        for which in range(len(forms)):
            strokes, width = taught(char, which)
            x, y = np.concatenate(strokes).T
            assert -0.1 < x.min() <= x.max() < width - 0.1  # a curve swings a little beyond its points
            assert -y.min() == pytest.approx(1 if char in "bdfhkl" else 0.85 if char in "ijt" else 0.5, abs=0.16)
            assert y.max() == pytest.approx(0.4 if char in "gjpqy" else 0, abs=0.2 if char != "f" else 0.55)


def test_small_letters_grow_and_what_is_below_the_line_stays() -> None:
    points = np.array([[1, 0.5], [1, 0], [1, -0.25], [1, -0.5], [1, -1]])
    assert resize_small(points, 1.4)[:, 1].tolist() == pytest.approx([0.5, 0, -0.35, -0.7, -1.1])
    np.testing.assert_allclose(resize_small(points, 1.0), points)


def test_words_are_as_high_as_asked_and_drawn_with_the_pen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "random_word", lambda dice: "HHH")
    monkeypatch.setattr(script, "BESIDE_NUMBERS", ("HHH",))
    for seed in range(20):
        word, above = write_by_hand(40, 3, Dice(seed))
        rows = np.flatnonzero(word.max(axis=1) > 0.5)
        assert word.min() >= 0
        assert word.max() == 1
        assert rows[-1] - rows[0] == pytest.approx(43, abs=16)
        assert above - rows[0] == pytest.approx(43, abs=12)
        assert 0.1 < word[rows[0] : rows[-1]].mean() < 0.5


def test_words_with_letters_below_the_line_have_ink_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "random_word", lambda dice: "gy")
    monkeypatch.setattr(script, "BESIDE_NUMBERS", ("gy",))
    word, above = write_by_hand(40, 3, Dice(1))
    assert word[round(above) + 4 :].max() == 1


def test_wood_changes_along_one_direction() -> None:
    grain = wood((100, 120), Dice(4))
    down, across = (float(np.abs(np.diff(grain, axis=axis)).mean()) for axis in (0, 1))
    assert abs(grain.mean()) < 0.5
    assert grain.std() > 0.3
    assert across > 2 * down
