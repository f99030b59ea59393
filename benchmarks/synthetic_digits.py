"""Synthetic pictures of digits, made of strokes, as people draw with a pen, a pencil, chalk or a mouse.

Everything about a picture is random: the form, the slant, the pen, the colours, the paper, the light, the
size, and the format. The page is square with the unit as its side; y runs downwards.
"""

import io
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Stroke = list[tuple[float, float]]


def arc(x: float, y: float, width: float, height: float, start: float, end: float) -> Stroke:
    """Points on an ellipse from angle `start` to `end`, in degrees clockwise from the right."""
    angles = np.radians(np.linspace(start, end, 24))
    return [(x + width / 2 * math.cos(a), y + height / 2 * math.sin(a)) for a in angles]


# Each digit in the forms that people write it in.
FORMS: dict[int, list[list[Stroke]]] = {
    0: [[arc(0.5, 0.5, 0.5, 0.84, -100, 262)], [arc(0.5, 0.5, 0.66, 0.8, -60, 300)]],
    1: [[[(0.5, 0.08), (0.5, 0.92)]], [[(0.34, 0.26), (0.53, 0.08), (0.53, 0.92)]]],
    2: [
        [[*arc(0.5, 0.32, 0.52, 0.46, 190, 385), (0.24, 0.9), (0.8, 0.9)]],
        [[*arc(0.48, 0.3, 0.46, 0.42, 200, 400), (0.3, 0.84), *arc(0.36, 0.84, 0.14, 0.12, 180, 300), (0.8, 0.86)]],
    ],
    3: [
        [arc(0.47, 0.29, 0.46, 0.4, 205, 440) + arc(0.47, 0.69, 0.56, 0.42, -85, 155)],
        [[(0.24, 0.1), (0.74, 0.1), (0.46, 0.42), *arc(0.48, 0.66, 0.54, 0.48, -90, 150)]],
    ],
    4: [
        [[(0.34, 0.08), (0.26, 0.56), (0.8, 0.56)], [(0.66, 0.3), (0.64, 0.94)]],
        [[(0.62, 0.94), (0.62, 0.06), (0.18, 0.66), (0.84, 0.66)]],
    ],
    5: [
        [[(0.74, 0.1), (0.34, 0.1), (0.3, 0.44), *arc(0.48, 0.66, 0.52, 0.5, -130, 145)]],
        [[(0.34, 0.12), (0.32, 0.44), *arc(0.48, 0.67, 0.5, 0.48, -125, 150)], [(0.34, 0.12), (0.76, 0.1)]],
    ],
    6: [
        [[(0.68, 0.08), *arc(0.58, 0.62, 0.62, 0.9, 235, 175), *arc(0.52, 0.7, 0.5, 0.44, 180, -180)]],
        [[(0.5, 0.06), (0.3, 0.6), *arc(0.5, 0.7, 0.44, 0.44, 190, -150)]],
    ],
    7: [
        [[(0.2, 0.12), (0.8, 0.12), (0.42, 0.93)]],
        [[(0.2, 0.14), (0.78, 0.1), (0.46, 0.93)], [(0.36, 0.5), (0.72, 0.5)]],
    ],
    8: [
        [arc(0.5, 0.29, 0.42, 0.38, 90, 450), arc(0.5, 0.7, 0.52, 0.44, -90, 270)],
        [[*arc(0.5, 0.28, 0.44, 0.4, 0, -210), *arc(0.5, 0.71, 0.48, 0.42, -50, 230), (0.7, 0.32)]],
    ],
    9: [
        [[*arc(0.5, 0.31, 0.48, 0.44, -10, -370), (0.7, 0.93)]],
        [[*arc(0.48, 0.31, 0.48, 0.44, -20, -380), *arc(0.46, 0.66, 0.54, 0.54, -25, 120)]],
    ],
}

INKS = ["pen", "pencil", "marker", "chalk", "screen", "line"]


def draw_digit(digit: int, rng: np.random.Generator) -> tuple[Image.Image, str]:
    """A picture of `digit`, and the suffix of the format to save it in."""
    kind = INKS[rng.integers(len(INKS))]
    size = int(rng.choice([64, 120, 200, 400, 800, 1200]))
    ink, paper, pen = {
        "pen": (rng.uniform(0, 80), rng.uniform(190, 255), rng.uniform(0.02, 0.06)),
        "pencil": (rng.uniform(90, 150), rng.uniform(200, 250), rng.uniform(0.012, 0.03)),
        "marker": (rng.uniform(0, 60), rng.uniform(200, 255), rng.uniform(0.07, 0.12)),
        "chalk": (rng.uniform(190, 240), rng.uniform(20, 80), rng.uniform(0.03, 0.07)),
        "screen": (rng.uniform(200, 255), rng.uniform(0, 45), rng.uniform(0.03, 0.08)),
        "line": (0.0, 255.0, 1 / size),
    }[kind]
    # The form: stretched, slanted, turned, moved, and each point of it a little off, smoothly along the stroke.
    strokes = FORMS[digit][rng.integers(len(FORMS[digit]))]
    turn, slant = math.radians(rng.uniform(-12, 12)), rng.uniform(-0.25, 0.25)
    scale, aspect = rng.uniform(0.35, 0.85), rng.uniform(0.8, 1.2)
    dx, dy = rng.uniform(-1, 1, 2) * (0.9 - scale) / 2
    rotate = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    wobble = rng.normal(0, 0.02, (2, 3))
    samples = 4 if kind != "line" else 1  # drawn larger, then reduced: smooth edges
    canvas = Image.new("L", (size * samples,) * 2, 0)
    pencil = ImageDraw.Draw(canvas)
    width = max(1, round(pen * size * samples))
    for stroke in strokes:
        points = np.array(stroke) - 0.5
        points += np.sin(points @ rng.normal(0, 6, (2, 3))) @ wobble.T
        points = points @ np.array([[1, 0], [-slant, 1]]) * [aspect, 1] @ rotate.T * scale + 0.5 + [dx, dy]
        pixels = [tuple(p) for p in points * size * samples]
        pencil.line(pixels, fill=255, width=width, joint="curve")
        for x, y in (pixels[0], pixels[-1]) if width > 2 else ():
            pencil.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    cover = np.asarray(canvas.resize((size, size), Image.Resampling.BOX), dtype=float) / 255
    page = paper + (ink - paper) * cover
    if kind in ("pen", "pencil", "marker", "chalk"):  # photographed: light, grain and a lens that is not quite sharp
        y, x = np.mgrid[:size, :size] / size
        a = rng.uniform(0, 2 * math.pi)
        towards = x * math.cos(a) + y * math.sin(a)
        light = 1 - rng.uniform(0, 0.4) * (towards - towards.min()) / np.ptp(towards)
        if rng.random() < 0.3:
            light *= np.where(towards > rng.uniform(np.quantile(towards, 0.3), np.quantile(towards, 0.7)), 0.65, 1)
        page = page * light + rng.normal(0, rng.uniform(0, 4), page.shape)
    image = Image.fromarray(page.clip(0, 255).astype(np.uint8))
    if kind in ("pen", "pencil", "marker", "chalk"):
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, size / 400)))
        colours = rng.uniform(0.9, 1, 3)
        image = Image.merge("RGB", [image.point(lambda v, c=c: int(v * c)) for c in colours])
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(60, 95)))
        buffer.seek(0)
        return Image.open(buffer), "jpg"
    return image, "png"
