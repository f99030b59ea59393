"""The first layer: its weights, and what it makes of a digit."""

from collections.abc import Sequence

import torch
from PIL import Image, ImageColor, ImageDraw
from torch import Tensor

from digits.plots.style import BLUE, ORANGE
from digits.plots.tiles import GAP, text_font, to_tile

SIDE = 56  # pixels that an image or a filter takes
COLUMNS = 8
LINE = 22  # pixels: the height of a line of text
ABOVE, BELOW = ImageColor.getrgb(BLUE), ImageColor.getrgb(ORANGE)  # the colours of values above and below 0


def plot_filters(weight: Tensor, image: Tensor, response: Tensor) -> Image.Image:
    """What does the first layer look for, and what does it find in a digit? Blue is above 0, orange below.

    Args:
        weight: (filters, H, W), float; each filter is scaled by its own largest weight.
        image: (H, W), uint8.
        response: (filters, H, W), float, in a size of its own; all are scaled alike, so that those of filters which
            find little stay pale.
    """
    weight = weight / weight.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    response = response / response.abs().quantile(0.995).clamp(min=1e-12)  # a few pixels shall not outshine all others
    panels = [
        ("weights", grid(shade(weight))),
        ("a digit", grid(image[None])),
        ("what each filter makes of the digit", grid(shade(response.clamp(-1, 1)))),
    ]
    font = text_font(12)
    title = "First layer: blue is above 0, orange below"
    widths = [max(panel.width, round(font.getlength(name))) + 2 * GAP for name, panel in panels]
    width = max(sum(widths), round(font.getlength(title))) + 2 * GAP
    sheet = Image.new("RGB", (width, 2 * LINE + 2 * GAP + max(panel.height for _, panel in panels)), "white")
    draw, x = ImageDraw.Draw(sheet), GAP
    draw.text((GAP, GAP), title, fill="black", font=font)
    for (name, panel), taken in zip(panels, widths, strict=True):
        draw.text((x, GAP + LINE), name, fill="#555555", font=font)
        sheet.paste(panel, (x, GAP + 2 * LINE))
        x += taken
    return sheet


def shade(values: Tensor) -> Tensor:
    """Values from -1 to 1, (N, H, W), to colours, (N, H, W, 3), 0 to 255: orange, white at 0, blue."""
    colour = torch.where(values[..., None] > 0, torch.tensor(ABOVE), torch.tensor(BELOW))
    return (255 + values.abs()[..., None] * (colour - 255)).round()


def grid(tiles: Sequence[Tensor] | Tensor) -> Image.Image:
    """Images of one size, each (H, W) or (H, W, 3), 0 to 255, enlarged, in rows of eight."""
    height, width = tiles[0].shape[:2]
    scale = max(1, SIDE // max(height, width))
    side = max(SIDE, height, width) + 4
    sheet = Image.new("RGB", (min(len(tiles), COLUMNS) * side, -(-len(tiles) // COLUMNS) * side), "white")
    for i, tile in enumerate(tiles):
        sheet.paste(to_tile(tile, width * scale, height * scale), (i % COLUMNS * side, i // COLUMNS * side))
    return sheet
