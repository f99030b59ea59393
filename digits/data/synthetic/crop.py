"""One made crop of a page, and for each pixel what it shows.

Layers and images are (H, W) float32, 0 to 1, until they are rounded to uint8 at the end.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage

from digits.data.synthetic import light, paper
from digits.data.synthetic.dice import Dice
from digits.data.synthetic.scenery import scenery
from digits.data.synthetic.strokes import Grey, Stroke
from digits.data.synthetic.writing import Hand, Sheet, type_rows, write_cells, write_lines, write_one

SIDE = 192
RULES = ("ruled", "squared", "table", "table", "underlines", "frames", "bubbles")


class Crop(NamedTuple):
    """A made crop, each (SIDE, SIDE) uint8, 0 to 255.

    `image` is what a camera or scanner gives; `ink` everything written; `other` what of it is no digit; `contact` where
    two digits touch.
    """

    image: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    other: NDArray[np.uint8]
    contact: NDArray[np.uint8]


class Digits(NamedTuple):
    """MNIST's digits to write with: images, (N, 28, 28) uint8, labels, (N,), and the strokes of each."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    strokes: list[list[Stroke]]


def make_crop(dice: Dice, digits: Digits) -> Crop:
    """Write, print and photograph a part of a page."""
    drawing = dice.chance(0.25, "drawings")
    tilted = not drawing and dice.chance(0.5, "tilt")
    side = round(1.25 * SIDE) if tilted else SIDE
    sheet, lines, size = compose((side, side), dice, digits, none=0.85 if drawing else 0.35)
    if dice.chance(0.25 if sheet.text else 0.6, "typed"):
        type_rows(sheet, dice)
    layers = np.stack([sheet.ink, sheet.other, sheet.contact, lines])
    ink, other, contact, lines = iter(tilt(layers, dice) if tilted else layers)
    if drawing:
        image, page = draw_on_screen(ink, lines, dice, size), np.ones_like(ink)
    else:
        image, page = photograph(ink, lines, dice, size)
    if dice.chance(0.12, "low resolution"):
        image = light.coarsen(image, dice)
    shown = (image, ink * page, other * page, contact * page)
    pixels = [np.clip(layer * 255, 0, 255).round().astype(np.uint8) for layer in shown]
    if dice.chance(0.4, "jpeg"):
        pixels[0] = light.compress(pixels[0], dice)
    if dice.chance(0.15, "small pictures"):
        pixels = cut_small(pixels, dice)
    return Crop(*pixels)


def choose_hand(dice: Dice, digits: Digits, single: bool) -> Hand:
    """Whose writing it is, and how large: 11 to 90 pixels, or a single digit of up to 172."""
    size = dice.log_uniform(60, 172) if single else dice.log_uniform(11, 90)
    pen = min(max(dice.log_uniform(0.02, 0.2) * size, 1.0), 28.0)
    touching = dice.chance(0.3, "touching")
    gap = dice.uniform(-0.14, 0.06) if touching else dice.uniform(0.06, 0.8)
    forms, typed = dice.pick((0.05, 0.1, 0.2, 0.9)), dice.pick((0, 0, 0, 0, 0, 0, 0, 0, 0.4, 1.0))
    return Hand(size, pen, gap, dice.uniform(0.02, 0.16), *digits, forms, typed)


def compose(shape: tuple[int, int], dice: Dice, digits: Digits, none: float) -> tuple[Sheet, Grey, float]:
    """Write on a page and rule it; with probability `none` it is not ruled. Returns also the size of the writing."""
    sheet, single = Sheet(shape), dice.chance(0.25)
    hand = choose_hand(dice, digits, single)
    size = hand.size
    style = dice.pick(RULES) if not dice.chance(none) and dice.chance(1, "rules") else "none"
    bases: list[float] = []
    grid: tuple[list[float], list[float]] | None = None
    if dice.chance(0.07):
        pass  # nothing is written
    elif single:
        write_one(sheet, hand, dice)
    elif style == "table" or dice.chance(0.1):
        grid = cells(shape, size, dice)
        write_cells(sheet, hand, dice, *grid)
    else:
        bases = write_lines(sheet, hand, dice)
    draw: dict[str, Callable[[], Grey]] = {
        "none": lambda: np.zeros(shape, np.float32),
        "ruled": lambda: paper.ruled(shape, size, bases, dice),
        "squared": lambda: paper.squared(shape, size, dice),
        "underlines": lambda: paper.underlines(shape, size, bases, dice),
        "frames": lambda: paper.frames(shape, size, sheet.text, dice),
        "bubbles": lambda: paper.bubbles(shape, size, dice),
        "table": lambda: paper.table(shape, *(grid or cells(shape, size, dice)), dice),
    }
    return sheet, draw[style](), size


def cells(shape: tuple[int, int], size: float, dice: Dice) -> tuple[list[float], list[float]]:
    """The rows and columns of borders of a table for digits of this size; it may start and end within the page."""
    down, across = size * dice.uniform(1.15, 2.4), size * dice.uniform(1.0, 3.5)
    if dice.chance(0.3):
        across = down  # as in a puzzle
    places = []
    for length, step in zip(shape, (down, across), strict=True):
        all_ = list(np.arange(dice.uniform(-step, 0.5 * step), length + step, step))
        cut = dice.integer(2, len(all_)) if dice.chance(0.5) and len(all_) > 2 else len(all_)
        places.append(all_[:cut] if dice.chance(0.5) else all_[-cut:])
    return places[0], places[1]


def tilt(layers: NDArray[np.float32], dice: Dice) -> NDArray[np.float32]:
    """The page turned by up to 10°, seen from a side and bent: (C, H, W) to (C, SIDE, SIDE)."""
    reach = SIDE / layers.shape[1]
    x, y = torch.meshgrid(*[torch.linspace(-reach, reach, SIDE)] * 2, indexing="xy")
    angle = dice.uniform(-0.18, 0.18)
    c, s = np.cos(angle), np.sin(angle)
    depth = 1 + dice.uniform(-0.12, 0.12) * x + dice.uniform(-0.12, 0.12) * y
    u, v = (c * x + s * y) / depth, (c * y - s * x) / depth
    if dice.chance(0.4):
        bend = torch.from_numpy(dice.smooth_noise((SIDE, SIDE), 200))
        u, v = u + dice.uniform(0, 0.02) * bend, v + dice.uniform(0, 0.03) * bend
    seen = F.grid_sample(torch.from_numpy(layers)[None], torch.stack([u, v], -1)[None], "bilinear", align_corners=False)
    return seen[0].numpy()


def draw_on_screen(ink: Grey, lines: Grey, dice: Dice, size: float) -> Grey:
    """An even page: a drawing program, a clean scan, maybe inverted, with a frame or soft edges."""
    base = 1.0 if dice.chance(0.6) else dice.uniform(0.8, 1)
    level = 0.0 if dice.chance(0.6) else dice.uniform(0, 0.6)
    image = base + (level - base) * ink
    image += (dice.uniform(0, 0.9) - image) * lines * dice.uniform(0.3, 1) * (1 - 0.7 * ink)
    if dice.chance(0.15, "boxes"):
        image = paper.shade(image, paper.boxes(ink.shape, size, dice), dice)
    if dice.chance(0.2, "edges"):
        width, level = dice.integer(1, 10), dice.uniform(0, 0.9)
        for side in dice.rng.permutation(4)[: dice.integer(1, 4)]:
            np.rot90(image, int(side))[:width] = level
    if dice.chance(0.5, "blur"):
        image = ndimage.gaussian_filter(image, dice.log_uniform(0.3, 1.2), truncate=3)
    if dice.chance(0.3, "noise"):
        image = image + dice.log_uniform(0.002, 0.03) * dice.noise(image.shape)
    return 1 - image if dice.chance(0.3, "boards") else image


def photograph(ink: Grey, lines: Grey, dice: Dice, size: float) -> tuple[Grey, Grey]:
    """A photo or scan of paper with ink and printed lines; returns also where the page is to be seen."""
    shape = ink.shape
    sheet: Grey = np.full(shape, dice.log_uniform(0.45, 1), np.float32)
    sheet *= 1 + dice.uniform(0, 0.06) * dice.smooth_noise(shape, dice.log_uniform(4, 80))
    strength = dice.uniform(0.12, 0.35) if dice.chance(0.18, "faint") else dice.uniform(0.3, 0.95)
    sheet *= 1 - strength * worn(ink, dice)
    if dice.chance(0.1, "print"):
        sheet *= 1 - dice.uniform(0.2, 0.8) * paper.print_text(shape, dice) * (ink < 0.1)
    lines = lines * (dice.uniform(0.1, 0.95) if dice.chance(0.35) else dice.uniform(0.08, 0.6))
    if dice.chance(0.3):
        lines = lines * np.clip(1 - dice.uniform(0, 0.6) * np.abs(dice.smooth_noise(shape, 30)), 0, 1)
    sheet *= 1 - lines * (1 if dice.chance(0.6) else 1 - ink)
    if dice.chance(0.15, "boxes"):
        sheet = paper.shade(sheet, paper.boxes(shape, size, dice), dice)
    for happens, probability in ((paper.stain, 0.2), (paper.speckle, 0.15), (paper.fold, 0.15)):
        if dice.chance(probability, "dirt"):
            sheet = happens(sheet, dice)
    page = np.ones(shape, np.float32)
    for happens_to, probability in ((paper.end_of_page, 0.2), (paper.finger, 0.04)):
        if dice.chance(probability, "edges"):
            sheet, rest = happens_to(sheet, dice)
            page *= rest
    if dice.chance(0.06, "scenery"):
        sheet, page = scenery(shape, dice), np.zeros(shape, np.float32)
    image = light.camera(sheet * light.lighting(shape, dice), dice, 1.9 if size > 20 else 0.9)
    return image, page


def worn(ink: Grey, dice: Dice) -> Grey:
    """Ink as pencil, ballpoint and chalk leave it: uneven, grainy, or even."""
    if dice.chance(0.35, "worn ink"):
        uneven = np.abs(dice.smooth_noise(ink.shape, dice.log_uniform(2, 30)))
        ink = ink * np.clip(1 - dice.uniform(0, 0.5) * uneven, 0.3, 1)
    if dice.chance(0.3, "worn ink"):
        ink = ink * np.clip(dice.uniform(0.8, 1) + dice.uniform(0.05, 0.3) * dice.noise(ink.shape), 0.15, 1)
    return ink


def cut_small(pixels: list[NDArray[np.uint8]], dice: Dice) -> list[NDArray[np.uint8]]:
    """A small picture cut out, its edge repeated around it, as the reader does with pictures."""
    h, w = dice.integer(60, SIDE - 20), dice.integer(60, SIDE - 20)
    top, left = dice.integer(0, SIDE - h), dice.integer(0, SIDE - w)
    around = ((y := dice.integer(0, SIDE - h), SIDE - h - y), (x := dice.integer(0, SIDE - w), SIDE - w - x))
    cut = [layer[top : top + h, left : left + w] for layer in pixels]
    return [np.pad(layer, around, mode="edge" if i == 0 else "constant") for i, layer in enumerate(cut)]
