"""Pictures to look at."""

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from digits.data import DigitsDataModule

MOST = 200  # images on a contact sheet
TILE, GAP, TEXT = 112, 8, 34  # pixels: a picture, the space around it, the two lines below


def contact_sheet(data: DigitsDataModule, probabilities: Tensor) -> Image.Image:
    """The first images to predict, each as it was, as the network sees it, and what the network says.

    A wrong prediction is orange where the label is known, and so is a note in place of a prediction.

    Args:
        data: after `setup("predict")`.
        probabilities: (N, 10), each row summing to 1.
    """
    shown = min(len(data.predict), MOST)
    columns = min(6, shown)
    rows = -(-shown // columns)
    width, height = 2 * TILE + 3 * GAP, TILE + TEXT + 2 * GAP
    left = len(data.predict) - shown
    sheet = Image.new("RGB", (columns * width, rows * height + (TEXT if left else 0)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for i in range(shown):
        x, y = (i % columns) * width + GAP, (i // columns) * height + GAP
        note = data.predict.notes[i] if data.predict.notes is not None else ""
        if not note.startswith("unreadable"):
            original = data.original(i).convert("RGBA")
            paper = Image.new("RGBA", original.size, "white")
            original = Image.alpha_composite(paper, original).convert("RGB")
            original.thumbnail((TILE, TILE))
            if max(original.size) < TILE // 2:
                factor = TILE // max(original.size)
                original = original.resize(
                    (original.width * factor, original.height * factor), Image.Resampling.NEAREST
                )
            sheet.paste(original, (x + (TILE - original.width) // 2, y + (TILE - original.height) // 2))
            seen = Image.fromarray(data.predict.images[i].numpy()).resize((TILE, TILE), Image.Resampling.NEAREST)
            sheet.paste(seen, (x + TILE + GAP, y))
        draw.rectangle((x - 1, y - 1, x + TILE, y + TILE), outline="silver")
        draw.rectangle((x + TILE + GAP - 1, y - 1, x + 2 * TILE + GAP, y + TILE), outline="silver")
        confidence, prediction = probabilities[i].max(dim=0)
        label = int(data.predict.labels[i])
        said = note or f"{data.classes[int(prediction)]}  {confidence:.0%}"
        wrong = label >= 0 and not note and label != int(prediction)
        if wrong:
            said += f", is {data.classes[label]}"
        for line, text in enumerate([str(data.predict.ids[i]), said]):
            colour = "#b34700" if line and (note or wrong) else "black"
            draw.text((x, y + TILE + 2 + 16 * line), clip(text, draw, font, 2 * TILE + GAP), fill=colour, font=font)
    if left:
        draw.text((GAP, rows * height), f"and {left:,} more", fill="black", font=font)
    return sheet


def clip(text: str, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """`text` on one line, its beginning cut off until it is at most `width` pixels wide."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    if draw.textlength(text, font=font) <= width:
        return text
    while text and draw.textlength(f"…{text}", font=font) > width:
        text = text[1:]
    return f"…{text}"
