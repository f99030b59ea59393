"""What pictures that are made of images share: enlarged pixels, text that fits, and rows of images."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

GAP = 8  # pixels around a tile
FONT = "mpl-data/fonts/ttf/DejaVuSans.ttf"
SCALE = 2  # pixels of a row of images for each of theirs
CAPTION = 34  # pixels: the height of two lines of text

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def text_font(size: int) -> Font:
    """Matplotlib's DejaVu Sans, which has the letters of most alphabets; Pillow's own where it is not found.

    Args:
        size: in pixels.
    """
    found = importlib.util.find_spec("matplotlib")  # without importing it, which takes time
    try:
        return ImageFont.truetype(str(Path(found.origin or "").parent / FONT) if found is not None else FONT, size)
    except OSError:
        return ImageFont.load_default(size)


def to_tile(image: Tensor, width: int, height: int) -> Image.Image:
    """An image, (H, W) or (H, W, 3), 0 to 255, enlarged to `width` × `height`, with its pixels as squares."""
    pixels = image.detach().cpu().clamp(0, 255).byte().numpy()
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)


def truncate(text: str, draw: ImageDraw.ImageDraw, font: Font, width: float) -> str:
    """The end of `text`, where file names differ, at most `width` pixels wide; "?" for what can't be printed."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    if draw.textlength(text, font=font) <= width:
        return text
    while text and draw.textlength(f"…{text}", font=font) > width:
        text = text[1:]
    return f"…{text}"


def tile_rows(rows: Sequence[tuple[str, Sequence[Tensor]]], apart: int = 0) -> Image.Image:
    """Rows of images, each row behind its name.

    Args:
        rows: name and images, each image (H, W), 0 to 255.
        apart: leave a gap after this many images of a row.
    """
    font = text_font(12)
    left = 16 + max(round(font.getlength(name)) for name, _ in rows)
    side = max(rows[0][1][0].shape) * SCALE + 4
    most = max(len(images) for _, images in rows)
    sheet = Image.new("RGB", (left + most * side + (GAP if apart else 0), len(rows) * side), "white")
    draw = ImageDraw.Draw(sheet)
    for y, (name, images) in enumerate(rows):
        draw.text((GAP, y * side + side // 2), name, fill="black", font=font, anchor="lm")
        for x, image in enumerate(images):
            tile = to_tile(image, image.shape[1] * SCALE, image.shape[0] * SCALE)
            sheet.paste(tile, (left + x * side + (GAP if apart and x >= apart else 0), y * side + 2))
    return sheet
