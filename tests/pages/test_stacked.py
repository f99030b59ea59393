"""Digits that hang together with those of the line below."""

import numpy as np
from PIL import Image, ImageChops

from digits import load
from digits.pages.glyphs import find_glyphs
from digits.pages.judge import judge
from digits.pages.locate import InkMap
from digits.pages.stacked import apart_lines
from tests.helpers import written


def sheet(lines: list[str], apart: int, size: int = 60, pen: int = 4) -> Image.Image:
    """Lines of digits as high as 0.7 times `size`, so far apart from one to the next."""
    image = Image.new("L", (40 + size * max(map(len, lines)), 40 + size + apart * (len(lines) - 1)), 235)
    for row, line in enumerate(lines):
        for column, digit in enumerate(line):
            drawn = Image.new("L", image.size, 235)
            drawn.paste(written(digit, size, pen, paper=235), (20 + size * column, 20 + apart * row))
            image = ImageChops.darker(image, drawn)
    return image


def ink_of(image: Image.Image) -> InkMap:
    """All that is dark is ink, and nothing is a letter."""
    grey = np.asarray(image, np.float32)
    ink = ((235 - grey) / 205).astype(np.float32)
    return InkMap(ink, 0 * ink, 0 * ink, 1.0, grey)


LINES = ["31485", "96360", "48069", "72042", "50937"]


def test_lines_that_touch_are_cut_apart() -> None:
    image = sheet(LINES, 46)
    hanging = find_glyphs(ink_of(image))
    assert max(g.height for g in hanging) > 80
    glyphs, lines_touch = apart_lines(hanging, judge)
    assert lines_touch
    assert max(g.height for g in glyphs) < 60


def test_large_digits_above_small_ones_stay_whole() -> None:
    page = Image.new("L", (700, 560), 235)
    page.paste(sheet(["35278", "64590"], 100, 130, 8), (0, 0))
    page.paste(sheet(LINES[:3], 60), (50, 320))
    glyphs = find_glyphs(ink_of(page))
    assert apart_lines(glyphs, judge) == (glyphs, False)


def test_a_page_of_lines_that_touch_is_read() -> None:
    read = load("pretrained").read(sheet(LINES, 46)).text
    same = [a == b for a, b in zip("".join(read.split())[-20:], "".join(LINES)[-20:], strict=True)]
    assert sum(same) >= 19
