"""Words as somebody writes them: the middle lines of printed letters, drawn anew with a pen by an uneven hand."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.skeleton import thin, trace
from digits.data.synthetic.strokes import Grey, Stroke, rasterize
from digits.data.synthetic.typed import TALL, font_files, font_of, random_word, render

PLAIN = ("DejaVuSans.ttf", "DejaVuSans-Oblique", "STIXGeneralItalic.ttf", "cmti10", "cmss10")  # like handwriting
CAPITAL = 32  # height of capitals, in pixels, whose middle lines are found


@cache
def plain_fonts() -> tuple[str, ...]:
    """The fonts whose letters are most like those of a pen."""
    return tuple(file for file in font_files() if any(name in file for name in PLAIN))


@cache
def letter(char: str, file: str) -> tuple[tuple[Stroke, ...], float]:
    """The strokes of a letter, its base line at y = 0 and its start at x = 0, and where the next one starts.

    The unit is the height of capitals.
    """
    font = font_of(file, round(CAPITAL / TALL))
    image, *corner = render(char, font)
    line = thin(np.asarray(image)[None] > 110)[0]
    dots = line & (ndimage.convolve(line.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant") == 1)
    strokes = [np.array([[x, y]], np.float32) for y, x in np.argwhere(dots)]
    ys, xs = np.nonzero(line & ~dots)
    if len(ys):
        first = np.array([xs.min(), ys.min()], np.float32)
        strokes += [one * max(float(np.ptp(ys)), 1) + first for one in trace(line)]
    return tuple(((one + corner) / CAPITAL).astype(np.float32) for one in strokes), font.getlength(char) / CAPITAL


def write_by_hand(height: float, pen: float, dice: Dice) -> tuple[Grey, int]:
    """A word in letters whose capitals are `height` pixels high, with a pen of so many pixels.

    Returns:
        The word, (h, w), 0 to 1, and how many of its pixels are above the base line.
    """
    file, x = dice.pick(plain_fonts()), 0.0
    strokes: list[NDArray[np.float64]] = []
    narrow, apart, uneven = dice.uniform(0.7, 1.2), dice.uniform(0.85, 1.2), dice.uniform(0, 0.08)
    for char in random_word(dice):
        parts, width = letter(char, file)
        change = np.eye(2) + uneven * dice.rng.standard_normal((2, 2))
        strokes += [one @ change.T + [x, uneven * dice.uniform(-1, 1)] for one in parts]
        x += width * apart
    slant, turn = dice.uniform(-0.1, 0.45), dice.uniform(-0.03, 0.03)
    phase, length = dice.uniform(0, 6.3), dice.uniform(0.15, 0.5)
    bent = [one + 0.5 * uneven * np.sin(one[:, ::-1] / length + phase) for one in strokes]
    moved = [one @ np.array([[narrow, turn], [-slant, 1]]) * height for one in bent]
    if not moved:
        return np.zeros((0, 0), np.float32), 0
    start = np.min([one.min(axis=0) for one in moved], axis=0) - (pen / 2 + 1)
    return rasterize([(one - start).astype(np.float32) for one in moved], pen), math.ceil(-start[1])
