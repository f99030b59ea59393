"""Kinds of made pages, with MNIST's digits, and the ingredients of `digits.data.synthetic`.

Shapes: H rows, W columns.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from digits.data.synthetic import light, paper
from digits.data.synthetic.crop import Digits
from digits.data.synthetic.dice import Dice
from digits.data.synthetic.strokes import Grey
from digits.data.synthetic.typed import font_files, type_word
from digits.data.synthetic.writing import Hand, Sheet, write_number

SHAPE = (640, 880)
Made = tuple[np.ndarray, str]  # a page, (H, W) uint8, and the digits on it


def write_page(
    dice: Dice, digits: Digits, gap: float = 0.3, pen: float | None = None
) -> tuple[Sheet, float, list[float]]:
    """Five lines of numbers; returns also the height of the digits and the base lines."""
    size = dice.uniform(32, 80)
    hand = Hand(size, pen or size * dice.uniform(0.06, 0.13), gap, 0.1, *digits, 0.0)
    sheet, bases = Sheet(SHAPE), [SHAPE[0] * (k + 0.75) / 5 for k in range(5)]
    for base in bases:
        x = 0.08 * SHAPE[1]
        for _ in range(2):
            x = write_number(sheet, hand, dice, base, x, 3, 0) + 1.2 * size
    return sheet, size, bases


def text(sheet: Sheet) -> str:
    """The digits of a page in the order they were written."""
    return "".join(str(label) for label, *_ in sheet.text)


def photo(
    ink: Grey, dice: Dice, lines: Grey | float = 0.0, shade: Grey | float = 1.0, strength: float = 0.75
) -> np.ndarray:
    """A photo of ink on paper with printed lines, under a light; (H, W) uint8."""
    sheet = dice.uniform(0.75, 0.95) * (1 + 0.02 * dice.smooth_noise(ink.shape, 20))
    sheet = sheet * (1 - strength * ink) * (1 - dice.uniform(0.3, 0.6) * lines)
    image = light.ndimage.gaussian_filter(sheet * shade, dice.uniform(0.5, 1.0)) + 0.012 * dice.noise(ink.shape)
    return (255 * image.clip(0, 1)).astype(np.uint8)


def plain(dice: Dice, digits: Digits) -> Made:
    """Ink on even paper."""
    sheet, *_ = write_page(dice, digits)
    return photo(sheet.ink, dice), text(sheet)


def pencil(dice: Dice, digits: Digits) -> Made:
    """A thin, faint pencil."""
    sheet, *_ = write_page(dice, digits, pen=2.5)
    return photo(sheet.ink, dice, strength=dice.uniform(0.25, 0.45)), text(sheet)


def tilted(dice: Dice, digits: Digits) -> Made:
    """A page turned by up to 10°."""
    sheet, *_ = write_page(dice, digits)
    turned = Image.fromarray(sheet.ink).rotate(dice.uniform(-10, 10), Image.Resampling.BICUBIC, expand=True)
    return photo(np.asarray(turned), dice), text(sheet)


def chalk(dice: Dice, digits: Digits) -> Made:
    """Light strokes on a dark board."""
    sheet, *_ = write_page(dice, digits)
    grain = np.clip(0.85 + 0.2 * dice.noise(SHAPE), 0.3, 1)
    image = dice.uniform(0.15, 0.3) * (1 + 0.1 * dice.smooth_noise(SHAPE, 60)) + 0.6 * sheet.ink * grain
    return (255 * image.clip(0, 1)).astype(np.uint8), text(sheet)


def ruled(dice: Dice, digits: Digits) -> Made:
    """Ruled paper."""
    sheet, size, bases = write_page(dice, digits)
    return photo(sheet.ink, dice, paper.ruled(SHAPE, size, bases, dice)), text(sheet)


def squared(dice: Dice, digits: Digits) -> Made:
    """Squared paper with strong lines."""
    sheet, size, _ = write_page(dice, digits)
    return photo(sheet.ink, dice, paper.squared(SHAPE, size, dice)), text(sheet)


def vignette(dice: Dice, digits: Digits) -> Made:
    """Dark corners."""
    sheet, *_ = write_page(dice, digits)
    y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in SHAPE)
    shade = 1 - dice.uniform(1.0, 1.5) * (y[:, None] ** 2 + x[None] ** 2)
    return photo(sheet.ink, dice, shade=shade), text(sheet)


def shadow(dice: Dice, digits: Digits) -> Made:
    """A shadow across the page."""
    sheet, *_ = write_page(dice, digits)
    return photo(sheet.ink, dice, shade=np.maximum(light.shadow(SHAPE, dice), 0.3)), text(sheet)


def cells(dice: Dice, digits: Digits, rows: int, columns: int, thick: int, empty: float) -> Made:
    """A table of digits, each `thick`-th border thicker."""
    side = dice.uniform(52, 68)
    hand = Hand(side * 0.6, side * 0.06, 0.2, 0.06, *digits, 0.0)
    down, across = ([30 + side * k for k in range(n + 1)] for n in (rows, columns))
    sheet = Sheet((round(down[-1] + 30), round(across[-1] + 30)))
    for top in down[:-1]:
        for left in across[:-1]:
            if not dice.chance(empty):
                label, glyph = hand.digit(dice)
                sheet.put(glyph, top + (side - glyph.shape[0]) / 2, left + (side - glyph.shape[1]) / 2, label)
    width = dice.uniform(1.5, 3)
    lines = paper.grid(*(paper.bars(n, at, width) for n, at in zip(sheet.shape, (down, across), strict=True)))
    for n, at in zip(sheet.shape, (down, across), strict=True):
        bold = paper.bars(n, at[::thick], 2.5 * width)
        inside = np.zeros(sheet.shape, np.float32)
        inside[25 : round(down[-1] + 5), 25 : round(across[-1] + 5)] = 1
        lines = np.maximum(lines, bold[:, None] if n == sheet.shape[0] and at is down else bold[None]) * inside
    return photo(sheet.ink, dice, lines), text(sheet)


def table(dice: Dice, digits: Digits) -> Made:
    """A table of marks."""
    return cells(dice, digits, 8, 6, 8, 0.1)


def puzzle(dice: Dice, digits: Digits) -> Made:
    """A number puzzle of nine by nine cells, some empty, photographed aslant."""
    page, truth = cells(dice, digits, 9, 9, 3, 0.5)
    turned = Image.fromarray(page).rotate(dice.uniform(-4, 4), Image.Resampling.BICUBIC, fillcolor=int(np.median(page)))
    return np.asarray(turned), truth


def touching(dice: Dice, digits: Digits) -> Made:
    """Digits of a number touch."""
    sheet, *_ = write_page(dice, digits, gap=dice.uniform(-0.1, 0.0))
    return photo(sheet.ink, dice), text(sheet)


def heading(dice: Dice, digits: Digits) -> Made:
    """A printed heading of one to four words."""
    sheet, size, _ = write_page(dice, digits)
    tall = size * dice.uniform(0.4, 1.1)
    page = np.zeros((SHAPE[0] + round(2 * tall) + 20, SHAPE[1]), np.float32)
    page[-SHAPE[0] :] = sheet.ink
    printed, x = Sheet((len(page), SHAPE[1])), dice.uniform(10, 200)
    for _ in range(dice.integer(1, 4)):
        x = type_on(printed, 12, x, tall, dice) + 0.4 * tall
    return photo(np.maximum(page, dice.uniform(0.6, 1) * printed.ink), dice), text(sheet)


def form(dice: Dice, digits: Digits) -> Made:
    """A form: what is asked for is printed, numbers are written beside it, half of them on a line."""
    size, sheet, lines = dice.uniform(28, 60), Sheet(SHAPE), np.zeros(SHAPE, np.float32)
    hand = Hand(size, size * dice.uniform(0.06, 0.13), 0.2, 0.1, *digits, 0.0)
    printed, lined, file = Sheet(SHAPE), dice.chance(0.5), dice.pick(font_files())
    for base in np.arange(80, SHAPE[0] - 10, 1.9 * size):
        tall, x = size * dice.uniform(0.35, 0.6), 20.0
        for _ in range(dice.integer(1, 2)):
            x = type_on(printed, base - tall, x, tall, dice, file) + 0.4 * tall
        x = max(x + 0.8 * size, 300)
        write_number(sheet, hand, dice, base, x, dice.integer(2, 6), 0)
        if lined:
            lines[round(base) + 4 : round(base) + 6, round(x) - 10 : -30] = 1
    return photo(np.maximum(sheet.ink, 0.85 * printed.ink), dice, lines), text(sheet)


def type_on(sheet: Sheet, top: float, left: float, height: float, dice: Dice, file: str | None = None) -> float:
    """Print a word; returns where it ends."""
    word = type_word(height, dice, file)
    sheet.put(word, top + height - min(height, word.shape[0]), left)
    return left + word.shape[1]


KINDS: list[Callable[[Dice, Digits], Made]] = [
    *(plain, pencil, tilted, chalk, ruled, squared, vignette, shadow, table, touching, puzzle, heading, form)
]
