"""Numbers that are struck out."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits import load
from digits.pages.frames import THRESHOLD
from digits.pages.glyphs import Glyph, find_glyphs
from digits.pages.layout import Place
from digits.pages.locate import InkMap
from digits.pages.struck import is_struck, without_struck
from tests.helpers import Line, with_lines, written


def drawn(*lines: Line, light: bool = False) -> InkMap:
    """Three 0s of 40 rows, of which the ink is known, and lines on the picture that are no ink."""
    ink = np.zeros((80, 200), np.float32)
    for left in (40, 80, 120):
        ink[20:60, left : left + 25] = 1
        ink[25:55, left + 5 : left + 20] = 0
    return with_lines(ink, lines, 3, 40, light)


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize(
    ("lines", "struck"),
    [
        ([(30, 40, 155, 40)], True),
        ([(30, 45, 155, 32)], True),
        ([(30, 35, 155, 35), (30, 44, 155, 45)], True),
        ([], False),
        ([(0, 40, 199, 40)], False),  # a rule of the paper
        ([(30, 62, 155, 62)], False),  # below the number
        ([(30, 40, 100, 40)], False),
        ([(41, 40, 143, 40)], False),  # ends with the digits, as the bars of 4s that touch do
    ],
)
def test_a_line_through_a_number_that_ends_beyond_it_strikes_it_out(
    lines: list[Line], struck: bool, light: bool
) -> None:
    found = drawn(*lines, light=light)
    glyphs = find_glyphs(found)
    assert is_struck(glyphs, 40, found) == struck
    places = [Place(i, 0, 0, -1) for i in range(3)]
    seen = without_struck(glyphs, [""] * 3, places, 40, found)
    assert [g.other for g in seen] == pytest.approx([float(struck)] * 3)
    assert all((g.ink > THRESHOLD).any() for g in seen)


def test_a_number_that_is_struck_out_is_no_number() -> None:
    sheet = Image.new("L", (620, 130), 235)
    for i, digit in enumerate("258"):
        sheet.paste(written(digit, 90, 7), (20 + 65 * i, 20))
        sheet.paste(written(digit, 90, 7), (370 + 65 * i, 20))
    ImageDraw.Draw(sheet).line((10, 66, 235, 64), fill=30, width=6)
    assert load("pretrained").read(sheet).text == "? 258"


def test_a_number_may_end_at_the_edge_of_the_picture() -> None:
    ink = np.zeros((40, 30), np.float32)
    ink[5:35, 10:14] = ink[5:35, 29:] = 1
    parts = [(10, 14), (29, 30)]  # the second stroke is the last column
    number = [Glyph(5, left, ink[5:35, left:right], 0 * ink[5:35, left:right], 0.0) for left, right in parts]
    assert not is_struck(number, 30, InkMap(ink, 0 * ink, 0 * ink, 1.0, 1 - ink))
