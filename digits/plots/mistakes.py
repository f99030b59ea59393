"""The images that a network gets wrong."""

from collections.abc import Sequence

from PIL import Image, ImageDraw
from torch import Tensor

from digits.console import percent
from digits.plots.style import DARK_ORANGE
from digits.plots.tiles import CAPTION, GAP, text_font, to_tile, truncate

COLUMNS = 8
SIDE = 84  # pixels of an image
HEADER = 30  # pixels: the height of the title


def plot_mistakes(
    images: Tensor, labels: Tensor, probabilities: Tensor, classes: Sequence[str], title: str = ""
) -> Image.Image:
    """Which images does the network get wrong, and how sure is it?

    Args:
        images: (N, H, W), uint8, all of them mistakes, the worst first.
        labels: (N,), int64.
        probabilities: (N, K).
        classes: names of the K classes.
        title: what they are, in a line.
    """
    rows = -(-len(images) // COLUMNS)
    width, height = SIDE + 2 * GAP, SIDE + CAPTION + 2 * GAP
    sheet = Image.new("RGB", (COLUMNS * width, HEADER + rows * height), "white")
    draw, font = ImageDraw.Draw(sheet), text_font(11)
    draw.text((GAP, GAP), title, fill="black", font=text_font(12))
    for i, (image, label, row) in enumerate(zip(images, labels.tolist(), probabilities, strict=True)):
        x, y = i % COLUMNS * width + GAP, HEADER + i // COLUMNS * height
        sheet.paste(to_tile(image, SIDE, SIDE), (x, y))
        confidence, predicted = row.max(dim=0)
        taken_for = f"as {classes[int(predicted)]}  {percent(float(confidence))}"
        lines = [(f"is {classes[label]}", "black"), (taken_for, DARK_ORANGE)]
        for line, (text, colour) in enumerate(lines):
            place = x, y + SIDE + 2 + 15 * line
            draw.text(place, truncate(text, draw, font, SIDE + GAP), fill=colour, font=font)
    return sheet
