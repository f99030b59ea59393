"""Pictures to look at: functions that draw, and know nothing of training. Each answers one question.

Shapes: N images, H rows, W columns, K classes. Colours are those of Okabe and Ito (2008), which people of any colour
vision tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from digits.data import DigitsDataModule
from digits.metrics import BINS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#999999"
MOST = 200  # images on a contact sheet
PAGES, PAGE_WIDTH = 20, 800  # pictures of several digits on a sheet, and the width of each in pixels
TILE, GAP, TEXT = 112, 8, 34  # pixels: a picture, the space around it, the two lines below

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def samples(images: Tensor, labels: Tensor, classes: Sequence[str], columns: int = 16) -> Image.Image:
    """What does each class look like? A row of the first images of each.

    Args:
        images: (N, H, W), uint8.
        labels: (N,), int64.
        classes: names of the K classes.
        columns: images in a row.
    """
    rows = [images[labels == label][:columns] for label in range(len(classes))]
    return tiles([(name, list(row)) for name, row in zip(classes, rows, strict=True) if len(row)], scale=2)


def augmented(images: Tensor, versions: Sequence[Tensor], labels: Tensor, classes: Sequence[str]) -> Image.Image:
    """What does augmentation do? Each image in front, and what training made of it behind.

    Args:
        images: (N, H, W), uint8.
        versions: each (N, H, W), 0 to 255.
        labels: (N,), int64.
        classes: names of the classes.
    """
    rows = [
        (classes[int(label)], [image, *(version[i] for version in versions)])
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
    return tiles(rows, scale=2, apart=1)


def filters(weight: Tensor) -> Image.Image:
    """What does the first layer look for? Blue is ink that speaks for it, orange ink that speaks against it.

    Args:
        weight: (filters, H, W), float; each filter is scaled by its own largest weight.
    """
    scaled = weight / weight.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    for_ink, against = np.array([0, 114, 178]), np.array([213, 94, 0])
    strength = scaled.numpy()[..., None]
    shaded = np.where(strength > 0, 255 + strength * (for_ink - 255), 255 - strength * (against - 255))
    size = max(1, 56 // max(weight.shape[1:]))
    columns = 10 if len(weight) > 8 else len(weight)
    side = max(weight.shape[1:]) * size + 4
    sheet = Image.new("RGB", (columns * side, -(-len(weight) // columns) * side), "white")
    for i, pixels in enumerate(shaded.round().astype(np.uint8)):
        tile = Image.fromarray(pixels)
        tile = tile.resize((tile.width * size, tile.height * size), Image.Resampling.NEAREST)
        sheet.paste(tile, (i % columns * side + 2, i // columns * side + 2))
    return sheet


def mistakes(images: Tensor, labels: Tensor, probabilities: Tensor, classes: Sequence[str]) -> Image.Image:
    """Which images does the network get wrong, and how sure is it?

    Args:
        images: (N, H, W), uint8, all of them mistakes, the worst first.
        labels: (N,), int64.
        probabilities: (N, K).
        classes: names of the K classes.
    """
    columns, side = 8, 84
    rows = -(-len(images) // columns)
    width, height = side + 2 * GAP, side + TEXT + 2 * GAP
    sheet = Image.new("RGB", (columns * width, max(rows, 1) * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    if len(images) == 0:
        draw.text((GAP, GAP), "no mistakes", fill="black", font=font)
    for i, (image, label, row) in enumerate(zip(images, labels.tolist(), probabilities, strict=True)):
        x, y = i % columns * width + GAP, i // columns * height + GAP
        sheet.paste(Image.fromarray(image.numpy()).resize((side, side), Image.Resampling.NEAREST), (x, y))
        confidence, taken = row.max(dim=0)
        for line, (text, colour) in enumerate(
            [(f"is {classes[label]}", "black"), (f"as {classes[int(taken)]}  {confidence:.0%}", "#b34700")]
        ):
            draw.text((x, y + side + 2 + 15 * line), clip(text, draw, font, side + GAP), fill=colour, font=font)
    return sheet


def confusion(matrix: Tensor, classes: Sequence[str], title: str) -> Image.Image:
    """What is taken for what? Counts on the left, shares of each true class on the right.

    Colour shows the mistakes; the diagonal, which would outshine them, has none.

    Args:
        matrix: (K, K), counts; a row for each true class, a column for each predicted one.
        classes: names of the K classes.
        title: what was scored.
    """
    counts = matrix.double()
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    wrong = shares.clone().fill_diagonal_(0).numpy()
    figure = new_figure(12, 5.6)
    total, right = int(matrix.sum()), int(matrix.trace())
    figure.suptitle(f"{title}: {total - right:,} of {total:,} wrong ({1 - right / max(total, 1):.2%})", fontsize=12)
    for axes, values, form in zip(figure.subplots(1, 2), (counts, shares * 100), ("{:.0f}", "{:.1f}%"), strict=True):
        axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(float(wrong.max()), 0.005))
        axes.set_xticks(range(len(classes)), classes, rotation=0 if max(map(len, classes)) < 3 else 45)
        axes.set_yticks(range(len(classes)), classes)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        for i, j in np.ndindex(*matrix.shape):
            if matrix[i, j]:
                text = form.format(float(values[i, j]))
                dark = wrong[i, j] > 0.6 * wrong.max()
                colour = "black" if i == j or not dark else "white"
                axes.text(j, i, text, ha="center", va="center", fontsize=8 if "%" not in form else 7, color=colour)
    figure.axes[0].set_title("images", fontsize=10)
    figure.axes[1].set_title("share of the true class", fontsize=10)
    return to_image(figure)


def reliability(probabilities: Tensor, labels: Tensor, title: str) -> Image.Image:
    """Is the network as often right as it is sure? Accuracy by confidence, and how many images there are of each.

    Args:
        probabilities: (N, K), each row summing to 1.
        labels: (N,), int64.
        title: what was scored.
    """
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).double()
    bins = (confidence * BINS).ceil().clamp(1, BINS).long() - 1
    counts = bins.bincount(minlength=BINS).double()
    accuracy, mean = (bins.bincount(weights, BINS) / counts for weights in (right, confidence.double()))
    error = float(((accuracy - mean).abs() * counts).nansum() / len(labels))
    figure = new_figure(10, 4)
    figure.suptitle(f"{title}: expected calibration error {error:.2%}", fontsize=12)
    panels, centres = figure.subplots(1, 2), (np.arange(BINS) + 0.5) / BINS
    panels[0].plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as sure as right")
    panels[0].plot(mean.numpy(), accuracy.numpy(), marker="o", color=BLUE, label="this network")
    panels[0].set_ylabel("accuracy")
    panels[0].legend(frameon=False)
    panels[1].bar(centres, counts.numpy(), width=0.9 / BINS, color=BLUE)
    panels[1].set_yscale("symlog")
    panels[1].set_ylabel("images")
    for axes in panels:
        axes.set_xlim(0, 1)
        axes.set_xlabel("confidence")
        axes.xaxis.set_major_formatter("{x:.0%}")
        tidy(axes)
    panels[0].yaxis.set_major_formatter("{x:.0%}")
    return to_image(figure)


def curves(rows: Sequence[Mapping[str, float]]) -> Image.Image:
    """Does it learn, and does it overfit? Loss and accuracy of training and validation by epoch.

    Args:
        rows: one per epoch, with `epoch`, and `train/loss`, `val/loss`, `train/accuracy`, `val/accuracy` where known.
    """
    figure = new_figure(10, 4)
    for axes, what in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        for stage, name, colour in [("train", "training", GREY), ("val", "validation", BLUE)]:
            points = [(row["epoch"], row[f"{stage}/{what}"]) for row in rows if row.get(f"{stage}/{what}") is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker=".", color=colour, label=name)
        axes.set_title(what, fontsize=11)
        axes.legend(frameon=False)
        axes.set_xlabel("epoch")
        if what == "accuracy":
            axes.yaxis.set_major_formatter("{x:.1%}")
        else:
            axes.set_yscale("log")
        tidy(axes)
    return to_image(figure)


def comparison(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> Image.Image:
    """Which run is better, and when? Validation error by epoch, a line per run.

    Args:
        runs: by name, one row per epoch, with `epoch` and `val/error`.
    """
    figure = new_figure(10, 5)
    axes = figure.subplots()
    palette = [BLUE, ORANGE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "black", GREY]
    for i, (name, rows) in enumerate(runs.items()):
        points = [(row["epoch"], 100 * max(row["val/error"], 1e-5)) for row in rows if row.get("val/error") is not None]
        if points:
            colour, dashes = palette[i % len(palette)], ["-", "--", ":"][i // len(palette) % 3]
            axes.plot(*zip(*points, strict=True), label=name, marker=".", color=colour, linestyle=dashes)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}%")
    axes.yaxis.set_minor_formatter("{x:g}%")
    axes.set_title("validation error", fontsize=11)
    axes.set_xlabel("epoch")
    axes.legend(frameon=False, fontsize=8)
    tidy(axes)
    return to_image(figure)


def contact_sheet(data: DigitsDataModule, probabilities: Tensor) -> Image.Image:
    """The first images to predict, each as it was, as the network sees it, and what the network says.

    A wrong prediction is orange where the label is known, and so is a note in place of a prediction.

    Args:
        data: after `setup("predict")`.
        probabilities: (N, K), each row summing to 1.
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


def readings(data: DigitsDataModule, probabilities: Tensor) -> Image.Image:
    """The first pictures of several digits: a box around each, and above it what the network says; orange is unsure.

    Args:
        data: after `setup("predict")`, with places.
        probabilities: (N, K), each row summing to 1.
    """
    digits = data.predict
    assert digits.places is not None
    first = {name: i for i, name in reversed(list(enumerate(digits.ids)))}  # of each picture
    font, pages = ImageFont.load_default(16), []
    for name, i in sorted(first.items(), key=lambda pair: pair[1])[:PAGES]:
        note = digits.notes[i] if digits.notes is not None else ""
        page = Image.new("RGB", (PAGE_WIDTH, TEXT), "white")
        if not note.startswith("unreadable"):
            original = data.original(i).convert("RGB")
            scale = min(PAGE_WIDTH / original.width, PAGE_WIDTH / original.height)
            size = max(1, round(original.width * scale)), max(1, round(original.height * scale))
            page = Image.new("RGB", (PAGE_WIDTH, size[1] + TEXT), "white")
            page.paste(original.resize(size), (0, TEXT))
            draw = ImageDraw.Draw(page)
            for j in (j for j in range(i, len(digits.ids)) if digits.ids[j] == name and digits.places[j].width):
                place, (confidence, label) = digits.places[j], probabilities[j].max(dim=0)
                x, y, w, h = (n * scale for n in place[1:])
                none = bool(digits.notes and digits.notes[j])
                colour = "#b34700" if none or confidence < 0.9 else BLUE
                draw.rectangle((x - 2, y + TEXT - 2, x + w + 2, y + h + TEXT + 2), outline=colour, width=2)
                said = "?" if none else data.classes[int(label)]
                box = draw.textbbox((x + w / 2, y + TEXT - 4), said, font=font, anchor="mb")
                draw.rectangle((box[0] - 2, box[1] - 1, box[2] + 2, box[3] + 1), fill="white")
                draw.text((x + w / 2, y + TEXT - 4), said, fill=colour, font=font, anchor="mb")
        draw = ImageDraw.Draw(page)
        draw.text((GAP, GAP), clip(f"{name}  {note}", draw, font, PAGE_WIDTH), fill="black", font=font)
        pages.append(page)
    sheet = Image.new("RGB", (PAGE_WIDTH, sum(page.height for page in pages)), "white")
    y = 0
    for page in pages:
        sheet.paste(page, (0, y))
        y += page.height
    return sheet


def tiles(rows: Sequence[tuple[str, Sequence[Tensor]]], scale: int, apart: int = 0) -> Image.Image:
    """DigitsSubset of images, each (H, W), 0 to 255, behind a name; after the first `apart` of them, a gap."""
    font = ImageFont.load_default(14)
    left = 16 + max(round(font.getlength(name)) for name, _ in rows)
    side = max(rows[0][1][0].shape) * scale + 4
    most = max(len(images) for _, images in rows)
    sheet = Image.new("RGB", (left + most * side + (GAP if apart else 0), len(rows) * side), "white")
    draw = ImageDraw.Draw(sheet)
    for y, (name, images) in enumerate(rows):
        draw.text((GAP, y * side + side // 2), name, fill="black", font=font, anchor="lm")
        for x, image in enumerate(images):
            pixels = image.detach().cpu().clamp(0, 255).byte().numpy()
            tile = Image.fromarray(pixels).resize(
                (pixels.shape[1] * scale, pixels.shape[0] * scale), Image.Resampling.NEAREST
            )
            sheet.paste(tile, (left + x * side + (GAP if apart and x >= apart else 0), y * side + 2))
    return sheet


def clip(text: str, draw: ImageDraw.ImageDraw, font: Font, width: int) -> str:
    """`text` on one line, its beginning cut off until it is at most `width` pixels wide."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    if draw.textlength(text, font=font) <= width:
        return text
    while text and draw.textlength(f"…{text}", font=font) > width:
        text = text[1:]
    return f"…{text}"


def new_figure(width: float, height: float) -> Figure:
    """A figure of `width` by `height` inches, without matplotlib's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Axes) -> None:
    """Leave the data, and what it takes to read it."""
    from matplotlib.ticker import MaxNLocator

    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3, linewidth=0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def to_image(figure: Figure) -> Image.Image:
    """The figure as an image."""
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")  # type: ignore[attr-defined]
