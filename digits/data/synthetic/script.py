"""Words as somebody writes them, drawn with a pen by an uneven hand.

Their letters are the middle lines of printed ones, or small letters as schools teach them, joined or not.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.skeleton import thin, trace
from digits.data.synthetic.strokes import Grey, Stroke, parse, rasterize, smooth
from digits.data.synthetic.typed import TALL, font_files, font_of, random_word, render

PLAIN = ("DejaVuSans.ttf", "DejaVuSans-Oblique", "STIXGeneralItalic.ttf", "cmti10", "cmss10")  # like handwriting
Points = NDArray[np.float64]  # (n, 2)

CAPITAL = 32  # height of capitals, in pixels, whose middle lines are found
SMALL = 0.5  # of the height of capitals are small letters high
BESIDE_NUMBERS = ("€", "$", "£", "¥", "%", "kg", "cm", "km", "°C", "ml", "h", "m", "EUR", "+", "=", "&", "#", "No.")

# In the notation of digits/data/synthetic/strokes.py: capitals are from 0 to 6, small letters from 3, tails reach to 9.
TAUGHT = {
    "a": ("43 23 04 05 16 36 45 43 43 46", "34 13 04 15 26 35 34 36 46"),
    "b": ("00 06 06 04 23 34 35 26 06", "00 05 16 36 44 23 05"),
    "c": ("43 23 04 05 16 36 45",),
    "d": ("44 23 04 05 16 36 44,40 46", "43 13 05 26 44 40 40 46"),
    "e": ("05 44 43 23 04 05 16 36 45", "05 25 34 13 04 16 36 45"),
    "f": ("41 30 21 26,03 33", "41 30 21 28 09,03 33"),
    "g": ("43 23 04 05 16 36 45 43 43 48 29 08", "33 13 04 15 35 33 33 38 18 07"),
    "h": ("00 06 06 04 23 34 34 36", "00 06,05 13 33 35 46"),
    "i": ("13 16,10 11", "13 15 26,11 11"),
    "j": ("23 28 19 08,20 21",),
    "k": ("00 06,33 05 05 36", "00 06,04 23 34 05 36"),
    "l": ("10 16", "10 15 26 36", "05 20 00 04 16 36"),
    "m": ("03 06 06 04 13 24 26 26 24 33 44 46",),
    "n": ("03 06 06 04 23 34 36",),
    "o": ("23 04 05 26 45 44 23", "23 04 16 36 44 23 43"),
    "p": ("03 09,04 23 44 45 26 05", "13 08,13 33 44 35 15"),
    "q": ("43 23 04 05 16 36 44,43 49", "43 23 04 05 16 36 44,43 48 58"),
    "r": ("03 06 06 04 23 33", "03 13 06 06 04 33"),
    "s": ("43 13 04 24 45 36 06", "33 13 14 34 35 16 05"),
    "t": ("20 25 36 45,02 42", "20 26,03 43"),
    "u": ("03 05 16 36 44,43 46", "03 05 26 45 43 46"),
    "v": ("03 26 26 43",),
    "w": ("03 16 16 24 24 36 36 53",),
    "x": ("03 46,43 06",),
    "y": ("03 05 16 36 43,43 48 29 08", "03 26,43 09"),
    "z": ("03 43 43 06 06 46", "03 43 43 06 06 46,14 34"),
}


@cache
def plain_fonts() -> tuple[str, ...]:
    """The fonts whose letters are most like those of a pen."""
    return tuple(file for file in font_files() if any(name in file for name in PLAIN))


@cache
def printed(char: str, file: str) -> tuple[tuple[Stroke, ...], float]:
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


@cache
def taught(char: str, which: int) -> tuple[tuple[Stroke, ...], float]:
    """The same of a small letter, in one of the forms that schools teach."""
    forms = TAUGHT[char]
    strokes = [((8 * one - [0, 6]) / 6).astype(np.float32) for one in parse(forms[which % len(forms)])]
    width = max(float(one[:, 0].max()) for one in strokes) + 0.2
    return tuple(smooth(one) for one in strokes), width


def write_by_hand(height: float, pen: float, dice: Dice) -> tuple[Grey, int]:
    """A word in letters whose capitals are `height` pixels high, with a pen of so many pixels.

    Returns:
        The word, (h, w), 0 to 1, and how many of its pixels are above the base line.
    """
    file, as_taught, mixed = dice.pick(plain_fonts()), dice.chance(0.6), dice.chance(0.2)
    which, joined = dice.integer(0, 5), dice.chance(0.3)
    narrow, apart = dice.uniform(0.7, 1.2), dice.uniform(0.85, 1.2)
    uneven, small = dice.uniform(0, 0.12), dice.log_uniform(0.75, 1.6)
    strokes: list[Points] = []
    x = 0.0
    for char in dice.pick(BESIDE_NUMBERS) if dice.chance(0.12) else random_word(dice):
        if mixed:
            file, which = dice.pick(plain_fonts()), dice.integer(0, 5)
        parts, width = taught(char, which) if as_taught and char in TAUGHT else printed(char, file)
        change = np.eye(2) + uneven * dice.rng.standard_normal((2, 2))
        new = [one @ change.T + [x, uneven * dice.uniform(-1, 1)] for one in parts]
        if joined and strokes and new and char.islower():
            strokes.append(link(strokes, new))
        strokes += new
        x += width * apart
    if not strokes:
        return np.zeros((0, 0), np.float32), 0
    slant, turn = dice.uniform(-0.15, 0.5), dice.uniform(-0.03, 0.03)
    phase, length = dice.uniform(0, 6.3), dice.uniform(0.15, 0.5)
    bent = [one + 0.5 * uneven * np.sin(one[:, ::-1] / length + phase) for one in strokes]
    grown = [resize_small(one, small) for one in bent]
    moved = [one @ np.array([[narrow, turn], [-slant, 1]]) * height for one in grown]
    start = np.min([one.min(axis=0) for one in moved], axis=0) - (pen / 2 + 1)
    return rasterize([(one - start).astype(np.float32) for one in moved], pen), math.ceil(-start[1])


def link(before: list[Points], after: list[Points]) -> Points:
    """The curve from the end of a letter, low on its right, to the start of the next one, (n, 2)."""
    ends = np.concatenate([one[[0, -1]] for one in before[-2:]])
    starts = np.concatenate([one[[0, -1]] for one in after])
    end, start = ends[np.argmax(ends.sum(axis=1))], starts[np.argmin(starts[:, 0])]
    middle = (end + start) / 2 + [0, 0.1]
    return smooth(np.stack([end, middle, start]).astype(np.float32)).astype(np.float64)


def resize_small(points: Points, times: float) -> Points:
    """Points, (n, 2), with small letters so many times as high; those of tall ones end where they did, about."""
    y = -points[:, 1]
    tall = 1 + max(0.0, SMALL * (times - 1)) / 2
    higher = np.interp(y, [-1, 0, SMALL, 1, 2], [-1, 0, SMALL * times, tall, tall + 1])
    return np.stack([points[:, 0] * (times + 1) / 2, -higher], axis=1)
