"""Marks are named by their form, and by where they stand beside digits."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits import load
from digits.pages.glyphs import Glyph
from digits.pages.layout import Place
from digits.pages.marks import apart_percents, is_check_mark, name_brackets, name_marks, name_slashes
from tests.helpers import written

HIGH = 40
SLASH = np.sum([np.eye(48, k=k)[::-1] for k in range(-2, 3)], axis=0)[:, 10:38]
COLON = np.zeros((24, 5))
COLON[:5] = COLON[-5:] = 1


def glyph(top: int, left: int, ink: np.ndarray) -> Glyph:
    return Glyph(top, left, ink.astype(np.float32), np.zeros(ink.shape, np.float32), 0.1)


def digit(left: int) -> Glyph:
    """A 0 of 40 rows from row 10, with a pen of 6 pixels."""
    ink = np.ones((HIGH, 25))
    ink[6:-6, 6:-6] = 0
    return glyph(10, left, ink)


@pytest.mark.parametrize(
    ("mark", "top", "left", "ink"),
    [
        (".", 44, 30, np.ones((6, 6))),
        (",", 44, 30, np.ones((14, 6))),
        ("-", 28, 28, np.ones((5, 14))),
        (":", 18, 30, COLON),
        ("/", 6, 27, SLASH),
    ],
)
def test_a_mark_between_digits_is_named(mark: str, top: int, left: int, ink: np.ndarray) -> None:
    assert name_marks([digit(0), glyph(top, left, ink), digit(57)], HIGH) == {1: mark}
    assert name_marks([digit(0), glyph(top, left + 150, ink), digit(57)], HIGH) == {}  # far from any


def test_a_number_may_begin_with_a_minus_or_a_point_but_does_not_end_with_one() -> None:
    for mark, top, ink in (("-", 28, np.ones((5, 14))), (".", 44, np.ones((6, 6)))):
        assert name_marks([glyph(top, 10, ink), digit(30)], HIGH) == {0: mark}
        assert name_marks([digit(30), glyph(top, 60, ink)], HIGH) == {}


def test_digits_dirt_and_dots_of_paper_are_no_marks() -> None:
    digits = [digit(0), digit(60)]
    assert name_marks([*digits, digit(30)], HIGH) == {}
    assert name_marks([*digits, glyph(47, 30, np.ones((2, 2)))], HIGH) == {}  # finer than the pen
    assert name_marks([*digits, glyph(44, 30, 0.7 * np.ones((6, 6)))], HIGH) == {}  # faint
    assert name_marks([*digits, glyph(10, 30, np.ones((6, 6)))], HIGH) == {}  # at the top
    dots = [glyph(44, 200 + 40 * i, np.ones((6, 6))) for i in range(10)]
    assert name_marks([*digits, glyph(44, 30, np.ones((6, 6))), *dots], HIGH) == {}
    squared = [one for i in range(6) for one in (digit(60 * i), glyph(44, 60 * i + 40, np.ones((6, 6))))]
    assert name_marks(squared, HIGH) == {}


@pytest.mark.parametrize("mark", ".,-/:")
def test_a_page_s_numbers_are_read_with_their_marks(mark: str) -> None:
    page = Image.new("L", (420, 140), 225)
    for left, one in ((10, "7"), (90, "4"), (220, "5"), (300, "2")):
        page.paste(written(one).resize((100, 100)), (left, 20))
    draw = ImageDraw.Draw(page)
    if mark in ".:":
        draw.ellipse((200, 98, 209, 107), fill=30)
    if mark == ":":
        draw.ellipse((200, 60, 209, 69), fill=30)
    if mark == ",":
        draw.line((206, 98, 199, 118), fill=30, width=6)
    if mark == "-":
        draw.line((193, 70, 217, 70), fill=30, width=6)
    if mark == "/":
        draw.line((190, 116, 222, 24), fill=30, width=6)
    assert load("pretrained").read(page).text == f"74{mark}52"


@pytest.mark.parametrize("bend", [-1, 1])
def test_a_bracket_is_a_sign_and_a_1_is_none(bend: int) -> None:
    y, x = np.mgrid[:48, :22]
    bow = np.abs(x - 10.5 + bend * (6 - 12 * ((y - 23.5) / 23.5) ** 2)) < 3
    flat = np.abs(x - 10.5 + bend * (4 - 8 * ((y - 23.5) / 23.5) ** 2)) < 3
    straight = np.abs(x - 10.5 + bend * (y - 23.5) / 4) < 3
    for left in (0, 60):
        assert name_marks([digit(30), glyph(6, left, bow)], HIGH) == {1: "?"}
        assert name_marks([digit(30), glyph(6, left, straight)], HIGH) == {}
        assert name_marks([digit(30), glyph(10, left, bow[4:-4])], HIGH) == {1: "?"}  # no higher, but much bent
        assert name_marks([digit(30), glyph(10, left, flat[4:-4])], HIGH) == {}


@pytest.mark.parametrize(("bends", "names"), [((1, -1), "?"), ((-1, 1), ""), ((1, 1), ""), ((1, 0), "")])
@pytest.mark.parametrize("square", [False, True])
def test_brackets_that_face_each_other_are_signs(bends: tuple[int, int], names: str, square: bool) -> None:
    y, x = np.mgrid[:HIGH, :22]
    along = np.where(np.abs(y - 19.5) > 16, 2, 0) if square else 2 * ((y - 19.5) / 19.5) ** 2
    shapes = [np.abs(x - 10.5 - 2 * bend * (along - 1)) < 3 for bend in bends]
    glyphs = [glyph(10, 0, shapes[0]), digit(30), glyph(10, 60, shapes[1])]
    places = [Place(i, 0, 0, -1) for i in range(3)]
    assert name_marks(glyphs, HIGH) == {}
    assert name_brackets(glyphs, [""] * 3, places) == [names, "", names]
    assert name_brackets(glyphs[::2], [""] * 2, places[:2]) == [""] * 2


def stroke(*points: tuple[int, int]) -> Glyph:
    """A line of 5 pixels through these points, x and y, of 60×60."""
    image = Image.new("L", (60, 60))
    ImageDraw.Draw(image).line(points, fill=255, width=5, joint="curve")
    return glyph(0, 0, np.asarray(image) / 255)


@pytest.mark.parametrize(
    "points", [[(5, 30), (18, 52), (50, 5)], [(5, 40), (20, 52), (55, 8)], [(8, 20), (20, 55), (45, 4)]]
)
def test_a_check_mark_is_one_and_is_no_digit(points: list[tuple[int, int]]) -> None:
    assert is_check_mark(stroke(*points))


@pytest.mark.parametrize(
    "points",
    [
        [(10, 55), (50, 5)],  # a slash
        [(5, 30), (30, 5), (30, 55)],  # a 1
        [(5, 5), (50, 5), (20, 55)],  # a 7
        [(25, 5), (5, 38), (50, 38), (40, 20), (36, 55)],  # a 4
        [(8, 5), (8, 50), (50, 50)],  # an L
    ],
)
def test_no_other_stroke_is_a_check_mark(points: list[tuple[int, int]]) -> None:
    assert not is_check_mark(stroke(*points))


def slashes(number: str, leans: list[float], high: int = HIGH) -> list[str]:
    """What is named in a number of digits and / with these leans, and of the 1 that stands alone on the page."""
    shapes = []
    for lean in leans:
        ink = np.zeros((high, high))
        for row in range(high):
            column = round(20 + lean * (high / 2 - row))
            ink[row, column - 2 : column + 3] = 1
        shapes.append(glyph(10, 0, ink))
    glyphs = [shapes.pop(0) if one == "/" else digit(0) for one in number] + shapes
    places = [Place(i, 0, int(i >= len(number)), -1) for i in range(len(glyphs))]
    return name_slashes(glyphs, [""] * len(glyphs), places)


@pytest.mark.parametrize(
    ("number", "leans", "named"),
    [
        ("00/00/00", [0.5, 0.5, 0.2], 2),
        ("0/00/0000", [0.5, 0.4, 0.2], 2),
        ("00/00/00", [0.4, 0.4], 2),
        ("00/00/00", [0.5, 0.5, 0.5], 0),  # the 1s of a hand that leans
        ("00/00/00", [0.25, 0.25], 0),
        ("00/00/0/", [0.5, 0.5, 0.45, 0.2], 0),
        ("00/00/000", [0.5, 0.5, 0.2], 0),
        ("000/00/00", [0.5, 0.5, 0.2], 0),
    ],
)
def test_strokes_of_a_date_that_lean_more_than_its_1s_are_slashes(number: str, leans: list[float], named: int) -> None:
    assert slashes(number, leans).count("/") == named


def test_strokes_of_a_date_that_are_higher_than_its_digits_are_slashes() -> None:
    assert slashes("00/00/00", [0.25, 0.25], high=48).count("/") == 2
    assert slashes("00/00/00", [0.1, 0.1], high=48).count("/") == 0


@pytest.mark.parametrize(("foot", "n"), [((40, 50), 1), ((10, 50), 0), ((40, 150), 0)])
def test_a_slash_between_two_small_rings_is_a_percent_sign(foot: tuple[int, int], n: int) -> None:
    ring = np.ones((14, 14))
    ring[4:-4, 4:-4] = 0
    page = [digit(0), glyph(6, 27, SLASH), glyph(8, 27, ring), glyph(*foot, ring)]
    rest, percents = apart_percents(page, HIGH)
    assert [len(rest), len(percents)] == [4 - 3 * n, n]
    rest, percents = apart_percents([*page[:3], glyph(*foot, np.ones((14, 14)))], HIGH)  # a blot is no ring
    assert [len(rest), len(percents)] == [4, 0]


def test_the_stroke_of_a_percent_sign_is_no_1() -> None:
    sheet = Image.new("L", (390, 160), 225)
    for i, number in enumerate("58"):
        sheet.paste(written(number, 140, 9), (110 * i - 10, 10))
    draw = ImageDraw.Draw(sheet)
    draw.line((300, 130, 360, 32), fill=30, width=9)
    for x, y in ((286, 34), (342, 92)):
        draw.ellipse((x, y, x + 36, y + 36), outline=30, width=9)
    assert load("pretrained").read(sheet).text.replace(" ", "") == "58?"
