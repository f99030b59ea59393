"""One rule decides whether a picture shows one digit or several, whoever asks."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from digits import load
from digits.commands.page.pictures import find_digits
from digits.data.pictures import SEVERAL, load_one
from digits.pages import contents
from digits.pages.contents import find_contents, inside, is_one
from digits.pages.page import NOWHERE
from digits.pages.photo import Box, NoDigit, center, falls_apart, is_mnist
from tests.helpers import prepare, written

BOX = Box(10, 10, 50, 90)
PIECE = np.full((28, 28), 9, np.uint8)


def three() -> Image.Image:
    """A page with three digits."""
    page = Image.new("L", (360, 140), 235)
    for i, digit in enumerate("472"):
        page.paste(written(digit).convert("L").resize((100, 100)), (20 + 110 * i, 20))
    return page


def test_all_that_read_pictures_find_the_same() -> None:
    page, predictor = three(), load("pretrained")
    file = BytesIO()
    page.save(file, "png")
    assert [box.left // 110 for _, note, box in find_contents(page) if not note] == [0, 1, 2]
    assert len(load_one(page, multiple_digits=True)) == len(find_digits(file.getvalue())["digits"]) == 3
    assert predictor.read(page).text.replace(" ", "") == "472"
    alone = predictor.predict(page)
    assert (alone.classes, alone.notes) == ([None], [SEVERAL])
    assert np.isnan(alone.probabilities).all()


def test_a_single_digit_is_found_as_it_is_prepared_with_its_box() -> None:
    picture = Image.new("L", (300, 400), 235)
    picture.paste(written("7").convert("L").resize((150, 150)), (100, 200))
    ((form, note, box),) = find_contents(picture)
    assert note == ""
    assert np.array_equal(form, prepare(picture))
    assert 100 <= box.left < box.left + box.width <= 255
    assert 200 <= box.top < box.top + box.height <= 355


def test_a_digit_in_pieces_is_one_also_where_its_picture_was_reduced() -> None:
    digit = written("3", 400, 13)
    for y in (0.3, 0.5, 0.7):
        digit.paste(225, (0, round(400 * y), 400, round(400 * y) + 4))
    picture = Image.new("L", (800, 600), 225)
    picture.paste(digit, (200, 75))
    ((_, note, small),) = find_contents(picture)
    picture.info["reduced_by"] = 3.0
    ((_, _, large),) = find_contents(picture)
    assert note == ""
    assert np.allclose(np.multiply(small[1:5], 3), large[1:5], atol=6)


def test_two_digits_that_are_blurred_together_in_mnist_s_form_are_two() -> None:
    digits = [written(digit, 100, 10, 255, 0) for digit in "30"]
    boxes = [digit.getbbox() for digit in digits]
    page = Image.new("L", (100, 100))
    left = 0
    for digit, box in zip(digits, boxes, strict=True):
        assert box
        page.paste(digit.crop(box), (left, 0))
        left += box[2] - box[0] + 5
    page = page.crop(page.getbbox())
    small = page.resize((20, round(20 * page.height / page.width)), Image.Resampling.BICUBIC)
    picture = Image.fromarray(center(np.asarray(small, np.float32) / np.asarray(small).max()))
    form = np.asarray(picture, np.float32)
    assert is_mnist(form)
    assert ndimage.label(form, np.ones((3, 3)))[1] == 1
    assert len(find_contents(picture)) == 2


def test_blank_pictures_and_filled_shapes_say_why() -> None:
    with pytest.raises(NoDigit, match="blank"):
        find_contents(Image.new("L", (200, 100), 230))


@pytest.mark.parametrize(
    ("places", "alone", "pieces", "one"),
    [
        ([(10, 10, 20, 80), (30, 10, 20, 80)], 0.99, 0.9, True),  # a ring of two halves
        ([(10, 10, 20, 80), (30, 10, 20, 80)], 0.9991, 0.9999, True),  # of 0.999 and more, none says more
        ([(10, 10, 20, 80), (30, 10, 20, 80)], 0.3, 0.9, False),  # two digits that the whole picture runs together
        ([(10, 10, 20, 80), (100, 10, 40, 80)], 0.99, 0.9, False),  # two digits, one of which was seen alone
        ([(12, 12, 5, 9), (70, 80, 9, 9)], 0.95, 0.99, True),  # pieces of a digit, and dirt
        ([(10, 10, 30, 50), (16, 24, 40, 60)], 0.85, 0.96, True),  # a cut through a digit: its parts lie in each other
        (
            [(10, 10, 30, 50), (16, 24, 40, 60)],
            0.7,
            0.96,
            False,
        ),  # two digits, one of which leans over
        ([(10, 10, 30, 50), (30, 24, 40, 60)], 0.85, 0.96, False),  # digits that touch
    ],
)
def test_pieces_of_one_digit_are_one(
    places: list[tuple[int, int, int, int]], alone: float, pieces: float, one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(PIECE, "", NOWHERE._replace(left=x, top=y, width=w, height=h)) for x, y, w, h in places]
    monkeypatch.setattr(
        contents, "confidences", lambda forms: np.where(forms.max((1, 2)) == PIECE.max(), pieces, alone)
    )
    assert is_one(BOX, alone, found) == one


@pytest.mark.parametrize("lines", [["30", "58", "72", "46", "28", "63"], ["8", "2", "5", "0", "6", "3"]])
def test_a_list_much_higher_than_wide_is_no_1(lines: list[str]) -> None:
    page = Image.new("L", (60 + 110 * len(lines[0]), 1100), 235)
    for i, line in enumerate(lines):
        for k, digit in enumerate(line):
            page.paste(written(digit).convert("L").resize((100, 100)), (20 + 100 * k, 30 + 175 * i))
    assert load("pretrained").read(page).text.replace(" ", "").split() == lines


def test_seen_from_near_a_list_falls_apart_and_a_1_does_not() -> None:
    page = np.full((2400, 400), 235, np.float32)
    ones = [np.asarray(written("1").convert("L").resize((60, 60)), np.float32)] * 4
    for i in range(24):
        page[20 + 98 * i : 80 + 98 * i, 40:280] = np.hstack(ones)
    assert falls_apart(page)
    assert not falls_apart(np.asarray(written("1").convert("L"), np.float32))


@pytest.mark.parametrize(
    ("seen", "likely", "read"),
    [
        (Box(120, 60, 300, 90), 0.99, "page"),  # a shadow beside the digit
        (Box(30, 40, 50, 60), 0.99, "page"),  # a piece of it
        (Box(30, 40, 50, 60), 0.9, "whole"),
        (Box(5, 5, 70, 95), 0.99, "whole"),  # of which the page has a piece
    ],
)
def test_a_likely_digit_alone_on_a_page_is_it_where_the_whole_picture_shows_something_else(
    seen: Box, likely: float, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = {"whole": PIECE, "page": PIECE + 1}
    place = NOWHERE._replace(left=10, top=10, width=40, height=80)
    monkeypatch.setattr(contents, "prepare_likelier", lambda grey: (forms["whole"], seen))
    monkeypatch.setattr(contents, "several", lambda image, grey: [(forms["page"], "", place)])
    monkeypatch.setattr(contents, "confidences", lambda forms: np.full(len(forms), likely))
    ((form, note, _),) = find_contents(Image.new("L", (400, 400)))
    assert (form is forms[read], note) == (True, "")


def test_how_much_of_a_place_lies_in_a_box() -> None:
    place = NOWHERE._replace(left=0, top=10, width=20, height=40)
    assert inside(place, BOX) == 0.5
    assert inside(place._replace(left=60), BOX) == 0


def test_a_minus_before_a_single_digit_is_read() -> None:
    page = Image.new("L", (240, 140), 225)
    page.paste(written("5").resize((100, 100)), (110, 20))
    ImageDraw.Draw(page).line((75, 70, 115, 70), fill=30, width=7)
    assert load("pretrained").read(page).text == "-5"


@pytest.mark.parametrize("digit", "0269")
def test_the_shadow_on_a_tiny_picture_is_no_ink(digit: str) -> None:
    y, x = np.mgrid[:64, :64] / 64
    for turns in range(4):
        shade = np.where(np.rot90(0.5 * x + y, turns) > 0.85, 0.65, 1) * (1 - 0.3 * x)
        page = np.asarray(written(digit, 64, 4)) * shade
        assert load("pretrained").read(Image.fromarray(page.astype(np.uint8))).text == digit
