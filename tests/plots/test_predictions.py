import numpy as np
import pytest
import torch
from PIL import Image, ImageColor

from digits.data import Digits
from digits.doubt import Doubt
from digits.pages.page import DigitBox
from digits.plots import plot_pages, plot_predictions
from digits.plots.predictions import MOST, SIDE, thumbnail
from digits.plots.style import BLUE, DARK_ORANGE

CLASSES = [str(i) for i in range(10)]


def count(sheet: Image.Image, colour: str) -> int:
    return int((np.asarray(sheet) == ImageColor.getrgb(colour)).all(2).sum())


def test_a_wrong_prediction_and_a_note_are_orange() -> None:
    images, labels = torch.zeros(3, 28, 28, dtype=torch.uint8), torch.tensor([4, 1, -1])

    def sheet(predicted: int, notes: list[str] | None) -> Image.Image:
        data = Digits(images, labels, notes=notes)
        return plot_predictions(data, lambda i: Image.new("L", (28, 28)), torch.eye(10)[[predicted, 1, 2]], CLASSES)

    assert count(sheet(4, None), DARK_ORANGE) == 0
    assert count(sheet(5, None), DARK_ORANGE) > 0
    assert count(sheet(4, ["", "", "blank"]), DARK_ORANGE) > 0


def test_a_prediction_that_is_doubted_is_orange_and_says_so() -> None:
    data = Digits(torch.zeros(1, 28, 28, dtype=torch.uint8))
    sheets = [
        plot_predictions(data, lambda i: Image.new("L", (28, 28)), torch.tensor([[0.6, 0.4]]), ["0", "1"], doubt=doubt)
        for doubt in (Doubt(0.5), Doubt(0.9), Doubt(0.9, 0.7), None)
    ]
    certain, unsure, no_digit, unknown = (count(sheet, DARK_ORANGE) for sheet in sheets)
    assert certain == unknown == 0
    assert 0 < unsure < no_digit  # a longer note


def test_only_what_is_shown_and_readable_is_opened() -> None:
    opened = []

    def original(index: int) -> Image.Image:
        opened.append(index)
        return Image.new("L", (28, 28))

    n = MOST + 50
    data = Digits(torch.zeros(n, 28, 28, dtype=torch.uint8), notes=["unreadable: no picture"] + [""] * (n - 1))
    plot_predictions(data, original, torch.full((n, 10), 0.1), CLASSES)
    assert opened == list(range(1, MOST))


def test_nothing_to_show_is_no_error() -> None:
    data = Digits(torch.zeros(0, 28, 28, dtype=torch.uint8))
    assert plot_predictions(data, lambda i: Image.new("L", (1, 1)), torch.zeros(0, 10), CLASSES).height == 0


def test_thumbnails_lie_on_white_paper_and_fit() -> None:
    clear = thumbnail(Image.new("RGBA", (20, 10), (0, 0, 0, 0)))
    assert clear.size == (100, 50)
    assert clear.getextrema() == ((255, 255),) * 3
    assert thumbnail(Image.new("L", (3000, 1000))).size == (SIDE, 37)


@pytest.mark.parametrize("case", ["16 bits", "black on nothing", "white on nothing"])
def test_a_picture_of_any_mode_shows_its_ink(case: str) -> None:
    levels = np.full((SIDE, SIDE), 245, np.uint8)
    levels[40:60, 50:60] = 20
    clear = Image.new("LA", levels.shape[::-1], 255 if case.startswith("white") else 0)
    clear.putalpha(Image.fromarray(255 - levels))
    picture = Image.fromarray(levels.astype(np.uint16) * 257) if case == "16 bits" else clear
    one = Digits(torch.zeros(1, 28, 28, dtype=torch.uint8), ids=["a.png"], notes=[""], places=[DigitBox(1, 0, 0, 0, 0)])
    page = plot_pages(one, lambda i: picture, torch.ones(1, 1), ["0"]).crop((50, 50, 750, 750))
    for shown in (thumbnail(picture), page):
        pixels = np.asarray(shown.convert("L"))
        assert pixels.min() < 60
        assert pixels.max() > 190


def test_boxes_are_where_the_digits_are() -> None:
    places = [DigitBox(1, 100, 50, 40, 60), DigitBox(1, 200, 50, 40, 60), DigitBox(0, 0, 0, 0, 0)]
    data = Digits(
        torch.zeros(3, 28, 28, dtype=torch.uint8),
        ids=["page.png", "page.png", "blank.png"],
        notes=["", "", "no digit: blank"],
        places=places,
    )
    pictures = {0: Image.new("L", (400, 200), 255), 2: Image.new("L", (400, 200), 255)}
    probabilities = torch.tensor([[0.95, 0.05], [0.4, 0.6], [0.5, 0.5]])
    sheet = plot_pages(data, lambda i: pictures[i], probabilities, ["0", "1"], Doubt(0.7, 0.1))
    pixels = np.asarray(sheet)
    for colour, place in [(BLUE, places[0]), (DARK_ORANGE, places[1])]:
        rows, columns = (pixels == ImageColor.getrgb(colour)).all(2).nonzero()
        assert columns.min() == 2 * place.left - 2  # 400 pixels become 800
        assert columns.max() == 2 * (place.left + place.width) + 2
        assert np.ptp(rows) >= 2 * place.height + 4
    assert sheet.size == (800, 2 * (400 + 34))
