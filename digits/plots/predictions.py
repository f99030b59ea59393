"""A contact sheet of predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw
from torch import Tensor

from digits.console import percent
from digits.notes import is_unreadable
from digits.pages.grey import to_rgb
from digits.plots.style import DARK_ORANGE
from digits.plots.tiles import CAPTION, GAP, text_font, to_tile, truncate

if TYPE_CHECKING:
    from digits.data import Digits
    from digits.doubt import Doubt

MOST = 200  # images shown
COLUMNS = 6
SIDE = 112  # pixels of a picture


def plot_predictions(
    data: Digits,
    original: Callable[[int], Image.Image],
    probabilities: Tensor,
    classes: Sequence[str],
    number: int | None = None,
    doubt: Doubt | None = None,
) -> Image.Image:
    """What does the network say? The first images, each as it was, as the network sees it, and the prediction.

    A wrong prediction is orange where the label is known, and so is one that is doubted, or a note in its place.

    Args:
        data: N images that were predicted.
        original: gives the picture that image `i` was made from.
        probabilities: (N, K), each row summing to 1.
        classes: names of the K classes.
        number: how many images there are, if `data` has the first of them.
        doubt: when a prediction is to be doubted; by default, none is.
    """
    shown = min(len(data), MOST)
    columns = max(1, min(COLUMNS, shown))
    rows, left = -(-shown // columns), (number or len(data)) - shown
    width, height = 2 * SIDE + 3 * GAP, SIDE + CAPTION + 2 * GAP
    sheet = Image.new("RGB", (columns * width, rows * height + (CAPTION if left else 0)), "white")
    draw, font = ImageDraw.Draw(sheet), text_font(12)
    for i in range(shown):
        x, y = (i % columns) * width + GAP, (i // columns) * height + GAP
        note = data.note(i)
        if not is_unreadable(note):
            picture = thumbnail(original(i))
            sheet.paste(picture, (x + (SIDE - picture.width) // 2, y + (SIDE - picture.height) // 2))
            sheet.paste(to_tile(data.images[i], SIDE, SIDE), (x + SIDE + GAP, y))
        for start in (x, x + SIDE + GAP):
            draw.rectangle((start - 1, y - 1, start + SIDE, y + SIDE), outline="silver")
        confidence, predicted = probabilities[i].max(dim=0)
        doubted, label = doubt.note(float(confidence)) if doubt is not None and not note else "", int(data.labels[i])
        wrong = label >= 0 and not note and label != int(predicted)
        read = f"{classes[int(predicted)]}  {percent(float(confidence))}"
        parts = [read, doubted, f"is {classes[label]}" if wrong else ""]
        text = note or ", ".join(filter(None, parts))
        lines = [(str(data.ids[i]), "black"), (text, DARK_ORANGE if note or doubted or wrong else "black")]
        for line, (text, colour) in enumerate(lines):
            place = x, y + SIDE + 2 + 16 * line
            draw.text(place, truncate(text, draw, font, 2 * SIDE + GAP), fill=colour, font=font)
    if left:
        draw.text((GAP, rows * height), f"and {left:,} more", fill="black", font=font)
    return sheet


def thumbnail(picture: Image.Image) -> Image.Image:
    """A picture as it is read, at most SIDE pixels wide and high; a small one enlarged by a whole number."""
    picture = to_rgb(picture)
    picture.thumbnail((SIDE, SIDE))
    factor = SIDE // max(picture.size)
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
