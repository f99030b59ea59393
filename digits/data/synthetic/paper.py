"""What is printed on paper, and what happens to it: rules, tables, frames, dirt, folds, edges.

Shapes: H rows, W columns, float32. Printed lines are 0 to 1; paper reflects 0 (black) to 1 (white).
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.scenery import scenery
from digits.data.synthetic.strokes import Grey, to_unit


def bars(length: int, places: list[float], width: float) -> Grey:
    """Bars `width` pixels wide around the places along an axis, anti-aliased: (length,), 0 to 1."""
    if not places:
        return np.zeros(length, np.float32)
    at = np.arange(length, dtype=np.float32)[:, None]
    return np.clip(width / 2 + 0.5 - np.abs(at - np.array(places, np.float32)), 0, 1).max(axis=1)


def every(length: int, step: float, dice: Dice) -> list[float]:
    """Places `step` apart along an axis."""
    return list(np.arange(dice.uniform(0, step), length, step))


def grid(down: Grey, across: Grey) -> Grey:
    """Horizontal bars, (H,), and vertical ones, (W,), on one page, (H, W)."""
    return np.maximum(down[:, None], across[None, :])


def ruled(shape: tuple[int, int], size: float, bases: list[float], dice: Dice) -> Grey:
    """Ruled paper, written on the lines or anywhere, maybe with a margin, maybe dashed."""
    h, w = shape
    width = dice.log_uniform(0.8, 4)
    on_line = bool(bases) and dice.chance(0.5)
    places = (
        [base + dice.uniform(-0.05, 0.1) * size for base in bases]
        if on_line
        else every(h, max(8, size * dice.log_uniform(0.5, 2.6)), dice)
    )
    margin = [dice.uniform(0, w)] if dice.chance(0.3) else []
    lines = grid(bars(h, places, width), dice.uniform(0.4, 1) * bars(w, margin, width))
    dash = dice.uniform(4, 24)
    return lines * bars(w, every(w, dash, dice), dash * dice.uniform(0.3, 0.7)) if dice.chance(0.15) else lines


def squared(shape: tuple[int, int], size: float, dice: Dice) -> Grey:
    """Squared paper, its squares from a quarter to twice the size of a digit, or with a dot at each corner."""
    step = max(6, dice.log_uniform(max(6, 0.25 * size), 2 * size))
    width = min(dice.log_uniform(0.8, 4), step / 5 + 0.4)
    down, across = (bars(n, every(n, step, dice), width) for n in shape)
    return np.minimum(down[:, None], across[None]) if dice.chance(0.15) else grid(down, across)


def table(shape: tuple[int, int], rows: list[float], columns: list[float], dice: Dice) -> Grey:
    """The borders of a table, some of them thick, some missing; it may end within the page."""
    width = dice.log_uniform(1, 5)
    down, across = bars(shape[0], rows, width), bars(shape[1], columns, width * dice.log_uniform(0.7, 1.4))
    if dice.chance(0.15):
        across = 0 * across
    if dice.chance(0.35):
        down = np.maximum(down, bars(shape[0], rows[::3], 2.2 * width))
        across = np.maximum(across, bars(shape[1], columns[::3], 2.2 * width))
    lines = grid(down, across)
    inside = np.zeros(shape, np.float32)
    edge = width / 2 + 1
    top, bottom, left, right = (
        max(0, round(n)) for n in (rows[0] - edge, rows[-1] + edge, columns[0] - edge, columns[-1] + edge)
    )
    inside[top:bottom, left:right] = 1
    return lines * inside


def underlines(shape: tuple[int, int], size: float, bases: list[float], dice: Dice) -> Grey:
    """Lines below what is written, a margin, a single line."""
    image = Image.new("L", shape[::-1])
    pencil = ImageDraw.Draw(image)
    for _ in range(dice.integer(1, 4)):
        y = dice.pick(bases) + dice.uniform(0, 0.3) * size if bases and dice.chance(0.6) else dice.uniform(0, shape[0])
        x, long, width = dice.uniform(-60, shape[1]), dice.log_uniform(size, 2 * shape[1]), dice.integer(1, 5)
        if dice.chance(0.25):
            pencil.line((x, -9, x + dice.uniform(-5, 5), shape[0] + 9), fill=dice.integer(120, 255), width=width)
        else:
            pencil.line(
                (x, y, x + long, y + dice.uniform(-0.03, 0.03) * long), fill=dice.integer(120, 255), width=width
            )
        if dice.chance(0.15):  # a comb: a tick between two digits
            tick = dice.uniform(0.2, 0.9) * size
            for at in np.arange(x, x + long, size * dice.uniform(0.8, 1.5)):
                pencil.line((at, y - tick, at, y), fill=dice.integer(120, 255), width=max(1, width - 1))
    return to_unit(image)


def frames(shape: tuple[int, int], size: float, text: list[tuple[int, int, int, int, int]], dice: Dice) -> Grey:
    """Boxes of a form, cut off frames, circles, anywhere or close around some of what is written."""
    image = Image.new("L", shape[::-1])
    pencil = ImageDraw.Draw(image)
    for _ in range(dice.integer(1, 4)):
        y, x = dice.uniform(-20, shape[0] - 40), dice.uniform(-20, shape[1] - 40)
        h, w = (dice.log_uniform(1.3 * size, max(1.5 * size, n)) for n in shape)
        fill, width = dice.integer(120, 255), dice.integer(1, 6)
        if text and dice.chance(0.5):
            y, x, h, w = around(text, dice)
            margin = size * dice.log_uniform(0.04, 0.5) + width
            y, x, h, w = y - margin, x - margin, h + 2 * margin, w + 2 * margin
            if dice.chance(0.4):  # by hand, as teachers mark an answer
                ring(pencil, (x, y, x + w, y + h), fill, width, dice)
                continue
        draw = pencil.ellipse if dice.chance(0.3) else pencil.rectangle
        draw((x, y, x + w, y + h), outline=fill, width=width)
    return to_unit(image)


def around(text: list[tuple[int, int, int, int, int]], dice: Dice) -> tuple[float, float, float, float]:
    """Top, left, height and width of a digit, or of it and some that were written after it on its line."""
    first = dice.integer(0, len(text) - 1)
    _, top, left, h, w = text[first]
    bottom, right = top + h, left + w
    for _, y, x, tall, wide in text[first + 1 : first + dice.integer(1, 6)]:
        if not (right - 0.5 * h < x < right + h and top < y + tall / 2 < bottom):
            break
        top, bottom, right = min(top, y), max(bottom, y + tall), x + wide
    return top, left, bottom - top, right - left


def ring(pencil: ImageDraw.ImageDraw, box: tuple[float, ...], fill: int, width: int, dice: Dice) -> None:
    """A circle drawn by hand through the corners of a box (left, top, right, bottom), more or less closed."""
    turns = np.linspace(0, 2 * np.pi * dice.uniform(0.9, 1.15), 40) + dice.uniform(0, 2 * np.pi)
    reach = 0.71 * (1 + 0.06 * dice.smooth_noise((1, 40), 12)[0])
    x, y = (
        (low + high) / 2 + reach * (high - low) * turn
        for low, high, turn in ((box[0], box[2], np.cos(turns)), (box[1], box[3], np.sin(turns)))
    )
    pencil.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=fill, width=width, joint="curve")


def bubbles(shape: tuple[int, int], size: float, dice: Dice) -> Grey:
    """Rows of circles or lozenges to be filled in, all of one size; some of them are."""
    image = Image.new("L", shape[::-1])
    pencil = ImageDraw.Draw(image)
    tall, fill, filled = size * dice.log_uniform(0.4, 1.3), dice.integer(120, 255), dice.uniform(-0.1, 0.4)
    wide, width = tall * dice.uniform(0.8, 1.8), max(1, round(tall * dice.uniform(0.02, 0.1)))
    steps = [n * dice.uniform(1.15, 2.5) for n in (tall, wide)]
    top, left = (dice.uniform(0, 0.5) * n for n in shape)
    for y in np.arange(top, min(shape[0], top + dice.integer(1, 8) * steps[0]), steps[0]):
        for x in np.arange(left, min(shape[1], left + dice.integer(3, 10) * steps[1]), steps[1]):
            here = (x, y, x + wide, y + tall)
            pencil.ellipse(here, outline=fill, width=width, fill=fill if dice.chance(filled) else None)
    return to_unit(image)


def print_text(shape: tuple[int, int], dice: Dice) -> Grey:
    """Small print at an edge, of letters as small as 4 pixels: rows of short bars that nobody could read."""
    out = np.zeros(shape, np.float32)
    tall, rows = dice.integer(4, 9), dice.integer(1, 5)
    y = dice.integer(0, shape[0] - 1) if dice.chance(0.5) else dice.pick((0, shape[0] - rows * 2 * tall))
    start, stop = sorted((dice.integer(0, shape[1]), dice.integer(0, shape[1])))
    for _ in range(rows):
        y += 2 * tall
        line = out[max(0, y) : max(0, y + tall), start:stop]
        if line.size:
            letters = dice.rng.random((3, line.shape[1] // 2 + 1)).repeat(2, axis=1)[:, : line.shape[1]] > 0.5
            line[:] = letters.repeat(-(-line.shape[0] // 3), axis=0)[: line.shape[0]]
    return out


def boxes(shape: tuple[int, int], size: float, dice: Dice) -> NDArray[np.bool_]:
    """Where filled boxes are: cells, rows or columns of a table, notes, labels, windows; (H, W)."""
    inside = np.zeros(shape, bool)
    if dice.chance(0.3):  # every second row or column
        step, turned = size * dice.log_uniform(1, 4), dice.chance(0.5)
        stripes = (np.arange(shape[turned]) + dice.uniform(0, 2 * step)) // step % 2 > 0
        inside[:] = stripes if turned else stripes[:, None]
        return inside
    image = Image.new("1", shape[::-1])
    pencil = ImageDraw.Draw(image)
    for _ in range(dice.integer(1, 4)):
        w, h = (dice.log_uniform(1.2 * size, max(1.4 * size, 1.2 * n)) for n in shape[::-1])
        x, y = dice.uniform(-w, shape[1]), dice.uniform(-h, shape[0])
        pencil.rounded_rectangle((x, y, x + w, y + h), dice.pick((0, 0, 0.1 * size, size)), fill=1)
    return np.asarray(image)


def shade(paper: Grey, inside: NDArray[np.bool_], dice: Dice) -> Grey:
    """Boxes in another grey, or in dark with light writing; paper as lighting finds it, (H, W), 0 to 1."""
    if dice.chance(0.35):
        dark, light = dice.uniform(0.02, 0.4), dice.uniform(0.5, 1)
        return np.where(inside, dark + (light - dark) * (1 - paper / paper.max()), paper)
    within, outside = (dice.uniform(0.35, 0.95), 1.0) if dice.chance(0.7) else (1.0, 0.7)
    return np.where(inside, within, outside) * paper


def stain(paper: Grey, dice: Dice) -> Grey:
    """Smudges, soft or hard."""
    image = Image.new("L", paper.shape[::-1])
    pencil = ImageDraw.Draw(image)
    for _ in range(dice.integer(1, 4)):
        x, y = dice.uniform(0, paper.shape[1]), dice.uniform(0, paper.shape[0])
        a, b = dice.log_uniform(3, 60), dice.log_uniform(3, 60)
        pencil.ellipse((x - a, y - b, x + a, y + b), fill=dice.integer(60, 255))
    soft = ndimage.gaussian_filter(to_unit(image), dice.log_uniform(1, 12), truncate=2)
    return paper * (1 - dice.uniform(0.05, 0.5) * soft)


def speckle(paper: Grey, dice: Dice) -> Grey:
    """Specks of dust and holes, 1 to 3 pixels."""
    paper = paper.copy()
    for _ in range(dice.integer(1, 30)):
        y, x, k = dice.integer(0, paper.shape[0] - 3), dice.integer(0, paper.shape[1] - 3), dice.integer(1, 3)
        paper[y : y + k, x : x + k] *= dice.uniform(0.2, 0.9)
    return paper


def beyond(shape: tuple[int, ...], angle: float, distance: float, dice: Dice, bend: float = 0.0) -> Grey:
    """How far pixels lie beyond a line, in pixels: it runs `distance` from the middle, square to `angle`; (H, W)."""
    y, x = (np.arange(n, dtype=np.float32) - n / 2 for n in shape)
    away = (np.sin(angle) * y)[:, None] + (np.cos(angle) * x)[None, :] - np.float32(distance)
    return away + bend * dice.smooth_noise(shape, 90) if bend else away


def fold(paper: Grey, dice: Dice) -> Grey:
    """A fold: a light or dark band, and maybe one side in another light."""
    away = beyond(paper.shape, dice.uniform(0, 2 * np.pi), dice.uniform(-100, 100), dice, 3)
    paper = paper * (1 - dice.uniform(-0.15, 0.25) * np.exp(-((away / dice.log_uniform(1, 12)) ** 2)))
    return paper * (1 - dice.uniform(0, 0.2) * (away > 0)) if dice.chance(0.5) else paper


def end_of_page(paper: Grey, dice: Dice) -> tuple[Grey, Grey]:
    """The page ends: beyond its edges lies a table, another sheet, a carpet; returns also where the page is.

    It ends at one or two sides, or it is a scrap that ends at all four.
    """
    shape, page = paper.shape, np.ones(paper.shape, np.float32)
    sides = dice.rng.permutation(4)[: 4 if dice.chance(0.25) else dice.integer(1, 2)]
    turn, bend = dice.uniform(-0.25, 0.25), dice.uniform(0, 2)
    other = dice.log_uniform(0.03, 1) * (1 + dice.uniform(0, 0.25) * dice.smooth_noise(shape, dice.log_uniform(3, 60)))
    if dice.chance(0.3):
        wave = beyond(shape, dice.uniform(0, np.pi), 0, dice, dice.uniform(0, 4))
        other = other * (1 + dice.uniform(0, 0.3) * np.sin(wave * dice.log_uniform(0.1, 1.2)))
    if dice.chance(0.3, "wood"):
        other = other * np.clip(1 + dice.uniform(0.05, 0.3) * wood(shape, dice), 0.2, None)
    if dice.chance(0.3, "scenery"):
        other = scenery(shape, dice)
    for side in sides:
        away = beyond(shape, turn + side * np.pi / 2, dice.uniform(0.25, 0.5) * min(shape), dice, bend)
        soft = np.clip(away / dice.log_uniform(0.6, 3) + 0.5, 0, 1)
        paper, page = paper * (1 - soft) + other * soft, page * (away < 0)
    return paper, page


def wood(shape: tuple[int, int], dice: Dice) -> Grey:
    """The grain of wood: stripes of all widths, bent a little; mean about 0, deviation about 1."""
    across = beyond(shape, dice.uniform(0, np.pi), 0, dice, dice.uniform(0, 1))
    across = across + dice.uniform(0, 3) * dice.smooth_noise(shape, 60)
    stripes = np.arange(-300, 300)
    return np.interp(across / dice.log_uniform(1, 8), stripes, dice.noise(stripes.shape)).astype(np.float32)


def finger(paper: Grey, dice: Dice) -> tuple[Grey, Grey]:
    """A finger or thumb that holds the page at its edge; returns also where the page is free."""
    h, w = paper.shape
    angle, radius = dice.uniform(0, 2 * np.pi), dice.log_uniform(15, 70)
    y0, x0 = h / 2 * (1 + np.sin(angle) * 1.1), w / 2 * (1 + np.cos(angle) * 1.1)
    y, x = np.ogrid[:h, :w]
    along = (y - y0) * np.sin(angle) + (x - x0) * np.cos(angle)
    across = -(y - y0) * np.cos(angle) + (x - x0) * np.sin(angle)
    away = np.hypot(np.minimum(along, 0) / dice.uniform(0.8, 2.5), across).astype(np.float32) - radius
    soft = np.clip(away / dice.log_uniform(0.6, 3) + 0.5, 0, 1)
    skin = dice.uniform(0.2, 0.8) * (1 - 0.3 * np.clip(away / radius + 1, 0, 1) ** 2)
    shade = 1 - dice.uniform(0, 0.4) * np.exp(-np.clip(away, 0, None) / dice.log_uniform(2, 20))
    return paper * shade * soft + skin * (1 - soft), (away > 0).astype(np.float32)
