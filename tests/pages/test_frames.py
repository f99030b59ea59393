import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from digits.pages.contents import find_contents
from digits.pages.frames import label_parts
from tests.helpers import STROKES, prepare, similarity, written

SIDE = 72
Corners = tuple[int, int, int, int]


def ink(*drawings: Image.Image) -> np.ndarray:
    """The ink of drawings on one page, (SIDE, SIDE) float32, 0 to 1."""
    return np.maximum.reduce([np.asarray(drawing, np.float32) / 255 for drawing in drawings])


def digit(name: str, height: int = 28, left: int = 22, top: int = 22) -> Image.Image:
    """A digit of about that height on a page."""
    page = Image.new("L", (SIDE, SIDE))
    side = round(height / 0.7)
    page.paste(written(name, side, 3, 255, 0), (left - round(0.15 * side), top - round(0.15 * side)))
    return page


def ring(corners: Corners = (8, 8, 62, 62), start: int = 0, end: int = 360) -> Image.Image:
    """A circle, or part of one, on a page."""
    page = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(page).arc(corners, start, end, fill=255, width=3)
    return page


def box(corners: Corners = (10, 10, 60, 60), gaps: tuple[Corners, ...] = ()) -> Image.Image:
    """A box with gaps on a page."""
    page = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(page)
    draw.rectangle(corners, outline=255, width=2)
    for gap in gaps:
        draw.rectangle(gap, fill=0)
    return page


FRAMES = {
    "a circle": ring(),
    "an open circle": ring(start=20, end=340),
    "a box": box(),
    "a box of which much is missing": box(gaps=((0, 40, 20, 48), (10, 55, 30, 71))),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("name", STROKES)
def test_what_stands_free_in_a_frame_is_left(name: str, frame: Image.Image) -> None:
    alone = ink(digit(name))
    parts, n = label_parts(ink(digit(name), frame))
    assert n == 1
    assert np.array_equal(parts > 0, alone > 0.5)


def test_a_circle_may_hold_several_digits() -> None:
    first, second = digit("4", 24, 14, 24), digit("2", 24, 34, 24)
    parts, n = label_parts(ink(first, second, ring((4, 6, 66, 64))))
    assert n == 2
    assert np.array_equal(parts > 0, ink(first, second) > 0.5)


def test_an_empty_box_is_left_out_and_a_digit_beside_it_stays() -> None:
    beside = digit("0", 28, 46)
    for empty in (box((4, 20, 34, 50)), box((4, 20, 34, 50), gaps=((0, 24, 8, 28),))):
        assert np.array_equal(label_parts(ink(empty, beside))[0] > 0, ink(beside) > 0.5)


def line(*points: tuple[int, int]) -> Image.Image:
    page = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(page).line(points, fill=255, width=3)
    return page


ZERO = ring((18, 8, 54, 66))
NOT_FRAMES = {
    "an empty circle beside a digit": (ring((2, 20, 38, 56)), digit("4", 28, 46)),
    "an angular 0 beside a digit": (box((8, 12, 32, 60)), digit("4", 28, 46)),
    "a dotted 0": (ZERO, ring((33, 34, 39, 40))),
    "a slashed 0": (ZERO, line((20, 56), (52, 18))),
    "a 0 with a loose slash": (ZERO, line((29, 48), (43, 26))),
    "a circle that touches the digit": (ring(), digit("4", 50, 14, 12)),
    "a bracket": (line((10, 8), (10, 62), (62, 62), (62, 8)), digit("7")),
    "digits around another one": tuple(digit("5", 14, left, top) for left in (6, 28, 50) for top in (6, 28, 50)),
}


@pytest.mark.parametrize("drawings", NOT_FRAMES.values(), ids=NOT_FRAMES)
def test_what_is_no_frame_stays(drawings: tuple[Image.Image, ...]) -> None:
    page = ink(*drawings)
    assert np.array_equal(label_parts(page)[0] > 0, page > 0.5)


@pytest.mark.parametrize("name", STROKES)
def test_every_digit_stays(name: str) -> None:
    page = ink(digit(name, 50, 14, 12))
    assert np.array_equal(label_parts(page)[0] > 0, page > 0.5)


@pytest.mark.parametrize("shape", ["ellipse", "rectangle"])
def test_a_digit_in_a_drawn_frame_is_read_alone(shape: str) -> None:
    frame = Image.new("L", (600, 600), 225)
    getattr(ImageDraw.Draw(frame), shape)((140, 130, 460, 470), outline=40, width=9)
    alone = Image.new("L", (600, 600), 225)
    alone.paste(written("2", 260, 14, 40), (170, 170))
    [(form, note, place)] = find_contents(ImageChops.darker(frame, alone))
    assert note == ""
    assert place.height < 250
    assert similarity(form, prepare(alone)) > 0.9
