"""Digits, letters and marks as pen strokes.

A form is written in a short notation: strokes are separated by commas, a stroke is a row of points, and a point is two
figures, x from 0 (left) to 8 and y from 0 (top) to 8. The pen goes through the points in a smooth curve; a point that
is given twice is a corner.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digits.data.synthetic.dice import Dice

Grey = NDArray[np.float32]
Stroke = NDArray[np.float32]  # points, (n, 2): x and y in units of the height

DIGITS = {
    0: ["40 10 04 18 48 78 84 70 40", "60 20 04 28 68 84 60 40", "40 11 14 17 48 77 74 71 40"],
    1: [
        *("40 48", "50 38", "22 40 40 48", "04 50 50 48", "15 51 51 58", "32 40 40 48,28 68", "40 48,18 78"),
        *("06 51 51 48", "32 40 40 48,18 18 78 78"),
    ],
    2: ["12 30 60 72 64 08 08 88", "01 40 72 54 18 18 47 88", "11 40 71 63 17 06 27 87", "00 70 73 17 17 87"],
    3: ["11 40 72 44 44 75 76 48 08", "00 70 70 43 43 76 48 07", "12 30 61 62 34 34 75 76 58 17"],
    4: ["50 05 05 85,60 68", "58 50 50 05 05 85", "10 05 05 85,62 68", "20 14 74,70 68", "60 06 06 86,55 58"],
    5: ["70 20 20 13 13 53 76 38 07", "10 14 14 54 76 48 08,10 80", "80 10 10 14 14 64 85 68 18"],
    6: ["60 24 06 38 76 54 06", "50 13 05 27 58 76 55 24 06", "71 30 04 27 58 76 64 34 06"],
    7: ["00 80 80 38", "01 70 70 48", "00 80 80 38,24 64", "02 00 00 80 80 48", "00 80 64 48 48,24 74", "10 80 80 28"],
    8: ["44 12 30 60 72 44 16 28 68 76 44", "71 30 12 44 76 48 16 44 71", "40 12 44 72 40,44 06 48 86 44"],
    9: ["72 40 12 24 54 72 72 68", "71 30 02 24 62 71 71 76 48 17", "70 30 13 34 72 70 48", "62 40 13 35 72 62 67 28"],
}

LETTERS = [  # those that are no digit's likeness
    *("08 40 40 88,25 65", "80 00 00 08 08 88,04 64", "80 00 00 08,04 64", "00 08,80 88,04 84", "00 08,80 04 04 88"),
    *("00 08 08 78", "08 00 00 45 45 80 80 88", "08 00 00 88 88 80", "08 00 00 60 72 54 04", "08 00 00 70 63 04 88"),
    *("00 80,40 48", "00 06 38 68 86 80", "00 48 48 80", "00 28 28 42 42 68 68 80", "00 88,80 08", "00 44 44 80,44 48"),
    *("73 33 15 27 57 73 73 78", "00 08,05 43 65 68", "80 80 88,84 43 06 28 66", "15 75 53 24 06 38 78"),
    "70 30 38,14 64",
    *("00 08,73 05 05 78", "03 08,05 33 45 48,45 73 85 88", "03 08,05 43 75 78", "03 08,05 43 73", "30 36 58 77,13 73"),
    *("03 07 38 67 73 73 78", "03 28 28 44 44 68 68 83", "03 78,73 08", "03 47,83 47 29 09", "03 04 08,50 58 58 80"),
    *("04 30 70 83 65 35,35 37 38", "08 03 40 83 88,05 85", "04 84,40 04 48"),
]

SIGNS = [
    *("04 84,40 48", "03 83,05 85", "01 87,81 07", "60 32 26 48", "20 52 66 48"),
    *("08 80,01 11,77 87", "04 84,40 41,47 48"),
]


@cache
def parse(form: str) -> tuple[Stroke, ...]:
    """The strokes of a form, points from 0 to 1."""
    strokes = form.split(",")
    return tuple(np.array([[int(p[0]), int(p[1])] for p in s.split()], np.float32) * np.float32(0.125) for s in strokes)


def smooth(points: Stroke) -> Stroke:
    """A Catmull-Rom curve through the points, (m, 2), with four steps between two of them; corners stay."""
    if len(points) < 3:
        return points
    closed = np.allclose(points[0], points[-1])
    first, last = (points[-2], points[1]) if closed else (2 * points[0] - points[1], 2 * points[-1] - points[-2])
    p = np.concatenate([first[None], points, last[None]])[:, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    t = np.arange(4, dtype=np.float32)[None, :, None] / 4
    curve = b + t * ((c - a) + t * ((2 * a - 5 * b + 4 * c - d) + t * (3 * b - a - 3 * c + d))) / 2
    return np.concatenate([curve.reshape(-1, 2), points[-1:]]).astype(np.float32)


def write(form: str, height: float, pen: float, dice: Dice, width: tuple[float, float] = (0.4, 0.8)) -> Grey:
    """A form as somebody writes it: (h, w), 0 to 1.

    Args:
        form: in the notation above.
        height: in pixels.
        pen: its width in pixels.
        dice: draws slant, proportions and how shaky the hand is.
        width: from and to which share of the height the form is wide.
    """
    shaky = dice.uniform(0, 0.06) if dice.chance(0.7) else 0.0
    aspect = np.array([dice.uniform(*width), 1], np.float32)
    strokes = []
    for points in parse(form):
        jitter = shaky * dice.rng.standard_normal(points.shape, dtype=np.float32)
        same = np.flatnonzero((points[1:] == points[:-1]).all(1))  # a corner's two points stay together
        jitter[same + 1] = jitter[same]
        strokes.append(smooth((points + jitter) * aspect))
    return draw(strokes, height, pen, dice)


def scribble(height: float, pen: float, dice: Dice) -> Grey:
    """A crossed out or scribbled place: a curve through points at random; (h, w), 0 to 1."""
    n, wide = dice.integer(5, 16), dice.uniform(0.6, 3)
    points = dice.rng.random((n, 2), dtype=np.float32) * np.array([wide, 1], np.float32)
    if dice.chance(0.5):  # to and fro
        points[:, 0] = np.linspace(0, wide, n) + 0.1 * points[:, 0]
        points[:, 1] = np.arange(n) % 2 * 0.7 + 0.3 * points[:, 1]
    return draw([smooth(points)], height, pen, dice)


def solid(height: float, dice: Dice) -> Grey:
    """A filled shape, round or with corners; (h, w), 0 to 1."""
    h, w = round(height), max(4, round(height * dice.log_uniform(0.6, 1.6)))
    image = Image.new("L", (w + 2, h + 2))
    if dice.chance(0.4):
        ImageDraw.Draw(image).ellipse((1, 1, w, h), fill=255)
    else:
        corners = dice.rng.random((dice.integer(4, 8), 2)) * np.array([w, h]) + 1
        around = np.argsort(np.arctan2(*(corners - corners.mean(axis=0)).T))
        ImageDraw.Draw(image).polygon([(x, y) for x, y in corners[around]], fill=255)
    return to_unit(image)


def draw(strokes: list[Stroke], height: float, pen: float, dice: Dice) -> Grey:
    """Strokes with a round pen, slanted and turned a little, scaled to `height` pixels; (h, w), 0 to 1."""
    slant, turn = dice.uniform(-0.25, 0.25), dice.uniform(-0.15, 0.15)
    c, s = math.cos(turn), math.sin(turn)
    change = np.array([[c, s], [-s, c]], np.float32).T @ np.array([[1, -slant], [0, 1]], np.float32)
    moved = [points @ change.T for points in strokes]
    low, high = (f(np.concatenate(moved), axis=0) for f in (np.min, np.max))
    scale = max(1.0, height - pen) / max(float(high[1] - low[1]), 0.35 * float(high[0] - low[0]), 1e-3)
    return rasterize([(points - low) * scale + pen / 2 + 1 for points in moved], pen)


def rasterize(strokes: list[Stroke], pen: float) -> Grey:
    """Strokes, in pixels, drawn with a round pen, anti-aliased; (h, w), 0 to 1, as large as needed."""
    fine = 2 if pen > 6 else 4
    w, h = (math.ceil(float(n) + pen / 2 + 1) for n in np.max([points.max(axis=0) for points in strokes], axis=0))
    image = Image.new("L", (w * fine, h * fine))
    pencil, thick = ImageDraw.Draw(image), max(1, round(pen * fine))
    for points in strokes:
        path = (points * fine).ravel().tolist()
        if len(points) > 1:
            pencil.line(path, fill=255, width=thick)
        if thick > 3:  # round joints and ends
            r = thick / 2
            for x, y in zip(path[::2], path[1::2], strict=True):
                pencil.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return to_unit(image.reduce(fine))


def to_unit(image: Image.Image) -> Grey:
    """A grey image as numbers from 0 to 1, (H, W)."""
    return np.asarray(image, np.float32) * np.float32(1 / 255)
