from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from digits.data import Digits
from digits.plots import plot_augmentation, plot_mistakes, plot_predictions, plot_samples
from digits.plots.tiles import GAP, text_font, tile_rows, to_tile, truncate


def test_pixels_become_squares() -> None:
    tile = np.asarray(to_tile(torch.tensor([[0.0, 300.0]]), 6, 3))
    assert (tile[:, :3] == 0).all()
    assert (tile[:, 3:] == 255).all()


@pytest.mark.parametrize("text", ["short", "a/long/path/to/some/picture_0001.png", "line\nbreak\x00", ""])
def test_text_is_cut_at_the_front_until_it_fits(text: str) -> None:
    draw, font = ImageDraw.Draw(Image.new("L", (9, 9))), text_font(12)
    cut = truncate(text, draw, font, 80)
    assert draw.textlength(cut, font=font) <= 80
    assert text.replace("\n", "?").replace("\x00", "?").endswith(cut.removeprefix("…"))
    assert cut.startswith("…") == (len(text) > 20)


def test_letters_of_other_alphabets_are_drawn() -> None:
    drawn = {bytes(text_font(12).getmask(letter)) for letter in "éüñøžЖλא\ufffe"}
    assert len(drawn) == 9  # the last one is the box of what is missing


def test_rows_hold_their_images() -> None:
    grey = [torch.full((28, 28), value) for value in (10, 20, 30)]
    sheet = np.asarray(tile_rows([(" ", grey[:2]), ("   ", grey[2:])]))
    assert [(sheet == value).all(2).sum() for value in (10, 20, 30)] == [56 * 56] * 3
    rows, columns = (sheet == 30).all(2).nonzero()
    assert rows.min() > (sheet == 10).all(2).nonzero()[0].max()
    assert columns.min() == (sheet == 10).all(2).nonzero()[1].min()


def test_a_gap_sets_the_first_image_apart() -> None:
    row = [("a", [torch.zeros(28, 28)] * 3)]
    assert tile_rows(row, apart=1).width == tile_rows(row).width + GAP


def test_samples_leave_out_classes_without_images() -> None:
    images = torch.zeros(3, 28, 28, dtype=torch.uint8)
    both = plot_samples(images, torch.tensor([0, 1, 1]), ["a", "b", "c"])
    one = plot_samples(images, torch.tensor([1, 1, 1]), ["a", "b", "c"])
    assert both.height == 2 * one.height


def test_augmentation_shows_each_image_and_its_versions() -> None:
    images = torch.full((2, 28, 28), 50, dtype=torch.uint8)
    versions = [images.float() + 50, images.float() + 100.4]
    sheet = np.asarray(plot_augmentation(images, versions, torch.tensor([1, 0]), [" ", "  "]))
    assert [(sheet == value).all(2).sum() for value in (50, 100, 150)] == [2 * 56 * 56] * 3


def test_mistakes_are_shown_in_their_order_below_what_they_are() -> None:
    images = torch.stack([torch.full((28, 28), value, dtype=torch.uint8) for value in range(10, 100, 10)])
    names, labels = [str(i) for i in range(10)], torch.zeros(9).long()
    sheet, untitled = (
        np.asarray(plot_mistakes(images, labels, torch.eye(10)[1:], names, title)) for title in ("Test: 9 mistakes", "")
    )
    first = [tuple(np.argwhere((untitled == value).all(2))[0]) for value in range(10, 100, 10)]
    assert first == sorted(first)
    different = np.flatnonzero((sheet != untitled).any((1, 2)))
    assert different.size > 0
    assert different.max() < first[0][0]
    assert plot_mistakes(images[:0], labels[:0], torch.zeros(0, 10), names, "no mistakes").width == sheet.shape[1]


def test_no_caption_says_that_a_network_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    captions: list[str] = []

    def keep(text: str, *_: Any) -> str:
        captions.append(text)
        return text

    for plot in (plot_mistakes, plot_predictions):
        monkeypatch.setattr(f"{plot.__module__}.truncate", keep)
    image, label, certain = torch.zeros(1, 28, 28, dtype=torch.uint8), torch.tensor([1]), torch.eye(2)[:1]
    plot_mistakes(image, label, certain, "ab")
    plot_predictions(Digits(image), lambda i: Image.new("L", (28, 28)), certain, "ab")
    assert [caption for caption in captions if "%" in caption] == ["as a  99.9%", "a  99.9%"]
