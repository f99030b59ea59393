"""What is written on a page: digits in numbers, lines and table cells, marks, letters, scribbles.

Shapes: H rows, W columns; one digit or letter is (h, w). All are float32, 0 (paper) to 1 (ink).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.script import write_by_hand
from digits.data.synthetic.strokes import DIGITS, LETTERS, SIGNS, Grey, Stroke, draw, scribble, solid, to_unit, write
from digits.data.synthetic.typed import font_files, type_digit, type_word


@dataclass
class Sheet:
    """A page that is being written on, and its size.

    Args:
        shape: H and W.
        ink: everything written.
        other: what of it is no digit.
        contact: where two things that stand apart in meaning touch.
        text: which digits were written where: label, top, left, height, width.
    """

    shape: tuple[int, int]
    ink: Grey = field(init=False)
    other: Grey = field(init=False)
    contact: Grey = field(init=False)
    text: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ink, self.other, self.contact = (np.zeros(self.shape, np.float32) for _ in range(3))

    def is_free(self, top: float, left: float, shape: tuple[int, ...], margin: float) -> bool:
        """Whether nothing is written in a box, (h, w), and within `margin` pixels around it."""
        y0, x0 = (max(0, round(n - margin)) for n in (top, left))
        y1, x1 = (max(0, round(n + size + margin)) for n, size in zip((top, left), shape, strict=True))
        return not (self.ink[y0:y1, x0:x1] > 0.3).any()

    def put(self, glyph: Grey, top: float, left: float, label: int = -1) -> None:
        """Write a digit, or with label -1 something else; what lies outside the page is lost."""
        y, x, (h, w) = round(top), round(left), glyph.shape
        y0, x0, y1, x1 = max(0, y), max(0, x), min(self.shape[0], y + h), min(self.shape[1], x + w)
        if y1 <= y0 or x1 <= x0:
            return
        here, glyph = (slice(y0, y1), slice(x0, x1)), glyph[y0 - y : y1 - y, x0 - x : x1 - x]
        there = self.ink[here]
        if there.max() > 0.4:
            reach = 3 if h < 50 else 5
            both = (ndimage.maximum_filter(there, reach) > 0.4) & (ndimage.maximum_filter(glyph, reach) > 0.4)
            self.contact[here][both] = 1
        if label < 0:
            np.maximum(self.other[here], glyph, out=self.other[here])
        else:
            self.other[here][glyph > 0.4] = 0
            self.text.append((label, y, x, h, w))
        np.maximum(there, glyph, out=there)


@dataclass
class Hand:
    """Somebody's writing: how large, with which pen, how close, and whose digits.

    Args:
        size: the height of a digit in pixels.
        pen: its width in pixels.
        gap: between digits of one number, as a share of the height; below 0 they overlap.
        neat: how much sizes and places vary, as a share of the height.
        images: MNIST's digits, (N, 28, 28) uint8.
        labels: theirs, (N,).
        strokes: the same digits as strokes.
        print: the share of digits that are drawn from a form of this package.
        typed: the share of digits that are printed.
    """

    size: float
    pen: float
    gap: float
    neat: float
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    strokes: list[list[Stroke]]
    print: float = 0.15
    typed: float = 0.0

    def digit(self, dice: Dice) -> tuple[int, Grey]:
        """A digit and its label: printed, from a form, redrawn from its strokes, or as MNIST has it."""
        size, pen = self.size * dice.uniform(1 - self.neat, 1 + self.neat), self.pen * dice.uniform(0.85, 1.15)
        if self.typed and dice.chance(self.typed, "typed"):
            label = dice.integer(0, 9)
            return label, type_digit(label, size, dice)
        if dice.chance(self.print, "forms"):
            label = dice.pick((0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9))
            return label, write(dice.pick(DIGITS[label]), size, pen, dice)
        i = dice.integer(0, len(self.labels) - 1)
        if self.strokes[i] and dice.chance(0.65, "skeletons"):
            return int(self.labels[i]), draw(self.strokes[i], size, pen, dice)
        return int(self.labels[i]), enlarge(self.images[i], size, dice)

    def mark(self, dice: Dice) -> tuple[Grey, float]:
        """A mark between digits, and how far its top lies below theirs, as a share of the height."""
        size, pen, kind = self.size, max(self.pen, 1.2), dice.pick(".,-/:+")
        if kind == "/":
            tall = size * dice.uniform(1, 1.4)
            return write("80 08", tall, pen, dice, (0.35, 0.8)), dice.uniform(-0.3, 0)
        if kind == "-":
            return write("00 80", pen, pen, dice, (0.25 * size, 0.6 * size)), dice.uniform(0.4, 0.6)
        if kind == "+":
            return write(dice.pick(SIGNS), size * dice.uniform(0.45, 0.9), pen, dice), dice.uniform(0.1, 0.4)
        if kind == ",":
            tall = size * dice.uniform(0.2, 0.35)
            return write(dice.pick(("60 28", "40 63 18")), max(3, tall), pen, dice, (0.2, 0.6)), dice.uniform(
                0.75, 0.95
            )
        point = draw([np.zeros((1, 2), np.float32)], 1, pen * dice.uniform(1.0, 1.9), dice)
        if kind == ":":
            between = max(1, round(size * dice.uniform(0.2, 0.45)) - point.shape[0])
            return np.concatenate([point, np.zeros((between, point.shape[1]), np.float32), point]), 0.3
        return point, 1 - point.shape[0] / size + dice.uniform(-0.08, 0.05)

    def letter(self, dice: Dice) -> Grey:
        """A letter or sign."""
        return write(
            dice.pick(LETTERS if dice.chance(0.9) else SIGNS), self.size * dice.uniform(0.7, 1.05), self.pen, dice
        )


def enlarge(image: NDArray[np.uint8], size: float, dice: Dice) -> Grey:
    """One of MNIST's images, cut out, scaled to `size` pixels, its edges sharp as often as soft; (h, w)."""
    ys, xs = np.nonzero(image > 60)
    cut = np.pad(image[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1], 1)
    scale = size / max(cut.shape[0] - 2, 0.6 * cut.shape[1])
    h, w = max(4, round(cut.shape[0] * scale)), max(3, round(cut.shape[1] * scale * dice.uniform(0.8, 1.2)))
    large = to_unit(Image.fromarray(cut).resize((w, h), Image.Resampling.BICUBIC))
    if scale > 1.5:
        return np.clip((large - 0.45) * dice.log_uniform(1.5, 8) + 0.5, 0, 1)
    return large


def write_one(sheet: Sheet, hand: Hand, dice: Dice) -> None:
    """A single digit somewhere, or now and then something that is none."""
    label, glyph = hand.digit(dice)
    if dice.chance(0.1, "letters"):
        label, glyph = -1, solid(hand.size, dice) if dice.chance(0.3) else hand.letter(dice)
    free = [max(3, n - m - 2) for n, m in zip(sheet.shape, glyph.shape, strict=True)]
    sheet.put(glyph, dice.uniform(2, free[0]), dice.uniform(2, free[1]), label)


def write_number(sheet: Sheet, hand: Hand, dice: Dice, base: float, left: float, length: int, marks: float) -> float:
    """A number of `length` digits on the base line `base`, maybe with a mark in it; returns where it ends."""
    marked = dice.integer(0, length - 1) if dice.chance(marks, "marks") else -1
    x = left
    for i in range(length):
        if i == marked:
            glyph, below = hand.mark(dice)
            sheet.put(glyph, base - hand.size + below * hand.size, x)
            x += glyph.shape[1] + max(hand.gap, 0.03) * hand.size
        label, glyph = hand.digit(dice)
        sheet.put(glyph, base - glyph.shape[0] + hand.size * dice.uniform(-1, 1) * hand.neat / 2, x, label)
        x += glyph.shape[1] - 2 + hand.gap * hand.size * dice.uniform(0.5, 1.4)
    return x


def strike_out(sheet: Sheet, hand: Hand, dice: Dice, base: float, left: float, right: float) -> None:
    """Cross out what is written from `left` to `right`: it is no number any more."""
    tall, width = hand.size * dice.uniform(0.3, 1.1), max(4.0, right - left)
    form = dice.pick(("04 84", "04 84,05 85", "08 80", "00 88,08 80", "08 20 28 40 48 60 68 80", "00 88"))
    glyph = write(form, tall, max(hand.pen, 1.2), dice, (width / tall, 1.1 * width / tall))
    sheet.put(glyph, base - (hand.size + tall) / 2, left)
    here = (
        slice(max(0, round(base - 1.2 * hand.size)), max(0, round(base + 0.2 * hand.size))),
        slice(max(0, round(left)), max(0, round(right))),
    )
    np.maximum(sheet.other[here], sheet.ink[here], out=sheet.other[here])


def write_word(sheet: Sheet, hand: Hand, dice: Dice, base: float, left: float, length: int) -> float:
    """A word, printed or not, of `length` letters if these are forms, or a scribble; returns where it ends."""
    if dice.chance(0.35, "typed"):
        glyph = type_word(hand.size * dice.uniform(0.4, 1.1), dice)
        sheet.put(glyph, base - glyph.shape[0], left)
        return left + glyph.shape[1]
    if dice.chance(0.2):
        size = hand.size * dice.uniform(0.6, 1.2)
        glyph = scribble(size, hand.pen, dice) if dice.chance(0.7) else solid(size, dice)
        sheet.put(glyph, base - glyph.shape[0], left)
        return left + glyph.shape[1]
    if dice.chance(0.7, "script"):
        glyph, above = write_by_hand(hand.size * dice.uniform(0.5, 1.2), max(hand.pen, 1.0), dice)
        sheet.put(glyph, base - above, left)
        return left + glyph.shape[1]
    x = left
    for _ in range(length):
        glyph = hand.letter(dice)
        sheet.put(glyph, base - glyph.shape[0], x)
        x += glyph.shape[1] + dice.uniform(-0.05, 0.15) * hand.size
    return x


def write_lines(sheet: Sheet, hand: Hand, dice: Dice) -> list[float]:
    """Lines of numbers and, now and then, words; returns the base lines."""
    words, marks = (dice.uniform(0.2, 0.6), 0.4) if dice.chance(0.35, "letters") else (0.0, 0.12)
    space, close = dice.uniform(0.3, 1.5), dice.chance(0.12, "touching")
    apart = dice.uniform(0.8, 1.15) if close else dice.uniform(1.15, 2.4)
    most, bases = dice.pick((1, 3, 5, 8, 12)), []
    base = hand.size * dice.uniform(0.5, 1.5)
    while base < sheet.shape[0] + 0.5 * hand.size:
        x = hand.size * dice.uniform(-0.8, 1.5)
        while x < sheet.shape[1]:
            if dice.chance(words):
                x = write_word(sheet, hand, dice, base, x, dice.integer(1, 6))
            else:
                start = x
                x = write_number(sheet, hand, dice, base, x, dice.integer(1, most), marks)
                if x - start > 1.5 * hand.size and dice.chance(0.04, "letters"):  # not the slash of a 0
                    strike_out(sheet, hand, dice, base, start, x)
            joined = words > 0 and dice.chance(0.2)  # as in AB12
            x += hand.size * (dice.uniform(0, 0.3) if joined else space * dice.uniform(0.6, 2))
        bases.append(base)
        base += hand.size * apart * (dice.uniform(1, 2.5) if dice.chance(0.1) else 1)
    return bases


def type_rows(sheet: Sheet, dice: Dice) -> None:
    """Printed text where nothing is written: a heading, a label, a paragraph; now and then a number in it."""
    height, file = dice.log_uniform(8, 45), dice.pick(font_files())
    pitch, rows, numbers = height * dice.uniform(1.4, 2.6), dice.pick((1, 1, 2, 4, 30)), dice.uniform(-0.1, 0.25)
    top = dice.uniform(-0.5 * height, 0.6 * sheet.shape[0])
    start, stop = sorted((dice.uniform(-60, sheet.shape[1]), dice.uniform(0.3, 1.2) * sheet.shape[1]))
    for _ in range(rows):
        x = start
        while x < stop:
            if dice.chance(numbers):
                for _ in range(dice.integer(1, 4)):
                    label = dice.integer(0, 9)
                    x += put_free(sheet, type_digit(label, height, dice, file), top, x, height, label) + 0.1 * height
            else:
                x += put_free(sheet, type_word(height, dice, file), top, x, height)
            x += height * dice.uniform(0.3, 0.6)
        top += pitch


def put_free(sheet: Sheet, glyph: Grey, top: float, left: float, height: float, label: int = -1) -> int:
    """Print a word or digit on the line at `top` where that is free; returns its width."""
    top += height - min(glyph.shape[0], height)  # low letters stand on the line
    if sheet.is_free(top, left, glyph.shape, 0.08 * height if label >= 0 else 0.2 * height):
        sheet.put(glyph, top, left, label)
    return glyph.shape[1]


def write_cells(sheet: Sheet, hand: Hand, dice: Dice, rows: list[float], columns: list[float]) -> None:
    """Numbers or words in the cells of a table, whose borders are given."""
    most, empty, words = dice.pick((1, 1, 2, 4)), dice.uniform(0, 0.5), dice.uniform(-0.3, 0.3)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            if dice.chance(empty):
                continue
            base = (top + bottom + hand.size) / 2 + hand.size * dice.uniform(-0.1, 0.1)
            if dice.chance(words, "letters"):
                write_word(sheet, hand, dice, base, left + 0.15 * hand.size, dice.integer(1, 4))
                continue
            length = dice.integer(1, most)
            wide = length * hand.size * (0.6 + max(hand.gap, 0))
            start = max(left + 1, (left + right - wide) / 2) + hand.size * dice.uniform(-0.08, 0.08)
            write_number(sheet, hand, dice, base, start, length, 0.1)
