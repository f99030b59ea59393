"""Pictures of several digits, with what was found on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw
from torch import Tensor

from digits.doubt import Doubt
from digits.notes import is_unreadable
from digits.pages.grey import to_rgb
from digits.plots.style import BLUE, DARK_ORANGE
from digits.plots.tiles import CAPTION, GAP, text_font, truncate

if TYPE_CHECKING:
    from digits.data import Digits
    from digits.pages.page import DigitBox

MOST = 20  # pictures shown
WIDTH = 800  # pixels of each


def plot_pages(
    data: Digits,
    original: Callable[[int], Image.Image],
    probabilities: Tensor,
    classes: Sequence[str],
    doubt: Doubt | None = None,
) -> Image.Image:
    """What was read, and where? The first pictures, a box around each digit, above it what the network says.

    Orange is what it is unsure of.

    Args:
        data: N digits that were cut out of pictures, with their places.
        original: gives the picture that digit `i` was cut out of.
        probabilities: (N, K), each row summing to 1.
        classes: names of the K classes.
        doubt: when the network is unsure.
    """
    assert data.places is not None
    doubt = doubt or Doubt()
    pages = []
    for name, digits in islice(data.by_picture().items(), MOST):
        note = data.note(digits[0])
        picture = None if is_unreadable(note) else to_rgb(original(digits[0]))
        labelled = []
        for i in digits:
            confidence, predicted = probabilities[i].max(dim=0)
            none, place = bool(data.note(i)), data.places[i]
            unsure = none or bool(doubt.note(float(confidence)))
            labelled.append((place, place.mark or ("?" if none else classes[int(predicted)]), unsure))
        pages.append(plot_page(picture, f"{name}  {note}", labelled))
    sheet = Image.new("RGB", (WIDTH, sum(page.height for page in pages)), "white")
    y = 0
    for page in pages:
        sheet.paste(page, (0, y))
        y += page.height
    return sheet


def plot_page(picture: Image.Image | None, title: str, digits: Iterable[tuple[DigitBox, str, bool]]) -> Image.Image:
    """One picture, WIDTH pixels wide, below its title.

    Args:
        picture: in which the digits are; None where it is unreadable.
        title: of the picture.
        digits: where each is, in pixels of the picture before it was reduced for reading; what it is; whether that is
            unsure.
    """
    page = Image.new("RGB", (WIDTH, CAPTION), "white")
    if picture is not None:
        scale = min(WIDTH / picture.width, WIDTH / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        page = Image.new("RGB", (WIDTH, size[1] + CAPTION), "white")
        page.paste(picture.resize(size), (0, CAPTION))
    draw, font = ImageDraw.Draw(page), text_font(14)
    for place, text, unsure in digits:
        if picture is None or not place.width:  # nothing was found
            continue
        colour = DARK_ORANGE if unsure else BLUE
        x, y, w, h = (n * scale / picture.info.get("reduced_by", 1.0) for n in place[1:5])
        draw.rectangle((x - 2, y + CAPTION - 2, x + w + 2, y + h + CAPTION + 2), outline=colour, width=2)
        left, top, right, bottom = draw.textbbox((x + w / 2, y + CAPTION - 4), text, font=font, anchor="mb")
        draw.rectangle((left - 2, top - 1, right + 2, bottom + 1), fill="white")
        draw.text((x + w / 2, y + CAPTION - 4), text, fill=colour, font=font, anchor="mb")
    draw.text((GAP, GAP), truncate(title, draw, font, WIDTH), fill="black", font=font)
    return page
