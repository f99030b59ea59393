"""Digits that are drawn anew, by a few strokes each, as MNIST's writers hardly wrote them.

Shapes: N images, H rows, W columns; ink is 0 to 1. Each function takes images for their number, size and device alone,
and returns as many of its digit.
"""

import torch
from torch import Tensor

from digits.augment.strokes import curve, draw, join, point, random_like


def bold_one(images: Tensor) -> Tensor:
    """A stem, straight or with a waist, a quarter to a half as broad as high, and a short flag at its top."""
    x, y = random_like(images, 12, 16), random_like(images, 5, 8)  # the top of the stem
    height, broad = random_like(x, 12, 17), random_like(x, 3.5, 7)
    lean, waist = random_like(x, -2, 3), random_like(x, -1.5, 1)
    stem = draw(bent(point(x, y), point(x - lean, y + height), waist), broad)
    reach = broad / 2 + random_like(x, 0, 4.5)
    start = point(x - reach, y + reach * random_like(x, 0.35, 1.2))
    flag = draw(torch.cat([start, point(x, y)], dim=1), broad * random_like(x, 0.4, 1))
    return torch.maximum(stem, flag)


def open_four(images: Tensor) -> Tensor:
    """A corner and a stem, open or closed at the top."""
    x, y = random_like(images, 13, 18), random_like(images, 3, 6)  # the top of the stem
    height = random_like(x, 15, 20)
    level, left = y + height * random_like(x, 0.5, 0.75), x - random_like(x, 6, 11)  # the corner
    is_open = (random_like(x, 0, 1) < 0.6).float()
    start = point(x - is_open * random_like(x, 3, 9), y + is_open * random_like(x, -1, 5))
    end = point(x + random_like(x, 2, 6), level + random_like(x, -2, 1))
    stem = torch.cat([point(x, y), point(x - random_like(x, -2, 4), y + height)], dim=1)
    return draw(join(torch.cat([start, point(left, level), end], dim=1), stem), random_like(x, 1, 3))


def cornered_four(images: Tensor) -> Tensor:
    """A long stroke to a corner at the left, a bar, and a short stem at its end, as in a flash of lightning."""
    x, y = random_like(images, 14, 22), random_like(images, 3, 6)  # where it begins
    height, left = random_like(x, 15, 20), x - random_like(x, 6, 13)
    level, right = y + height * random_like(x, 0.5, 0.85), left + random_like(x, 8, 15)
    bent = point((x + left) / 2 + random_like(x, -2.5, 2.5), (y + level) / 2 + random_like(x, -2.5, 2.5))
    corner, end = point(left, level), point(right, level + random_like(x, -2, 1.5))
    stem_x, above = right - random_like(x, 0, 4), random_like(x, -2, 9).clamp(min=0)
    low = torch.maximum(y + height, level + 3)
    stem = torch.cat([point(stem_x, level - above), point(stem_x - random_like(x, -2, 4), low)], dim=1)
    line = torch.cat([curve(torch.cat([point(x, y), bent, corner], dim=1)), end], dim=1)
    return draw(join(line, stem), random_like(x, 0.8, 3.5))


def bare_five(images: Tensor) -> Tensor:
    """A stem, a bowl and a long end to the left; half of them without a bar, the others with a short one."""
    x, y = random_like(images, 11, 18), random_like(images, 3, 6)  # the top of the stem
    bar = random_like(x, -7, 7).clamp(min=0)
    low, bottom = y + random_like(x, 4, 9), y + random_like(x, 16, 20)
    start, right = x - random_like(x, -1, 5), x + random_like(x, 3, 9)
    end = point(x - random_like(x, 2, 11), bottom - random_like(x, -1, 5))
    bowl = [point(start, low), point(right, low - random_like(x, 0, 4)), point(right + 2, bottom + 1)]
    bowl += [point(x + random_like(x, -3, 3), bottom + 2), end]
    top = torch.cat([point(x + bar, y + random_like(x, -2, 1)), point(x, y)], dim=1)
    return draw(torch.cat([top, curve(torch.cat(bowl, dim=1))], dim=1), random_like(x, 0.8, 3.5))


def looped_six(images: Tensor) -> Tensor:
    """A stem and a loop, small to almost as high as the 6, that need not close, or crosses the stem."""
    x, y = random_like(images, 13, 20), random_like(images, 3, 5)  # the top of the stem
    bottom, left = y + random_like(x, 17, 20), random_like(x, 8, 11)
    loop, right = random_like(x, 5, 16), left + random_like(x, 5, 12)  # height, and right end
    middle = bottom - loop / 2
    stem = [point(x, y), point(left, y + random_like(x, -1, 8)), point(left, middle)]
    under = [point(left, middle), point(left, bottom), point(right, bottom), point(right, middle)]
    over = [point(right, middle), point(right, bottom - loop * 1.2), point(left + 1, bottom - loop)]
    end = point(left + random_like(x, -4, 5), bottom - loop * random_like(x, 0.2, 0.7))
    line = [curve(torch.cat(part, dim=1)) for part in (stem, under, [*over, end])]
    return draw(torch.cat(line, dim=1), random_like(x, 0.8, 3.2))


def stemmed_six(images: Tensor) -> Tensor:
    """A closed loop, half to three quarters as high as the 6, and upon it a stem, straight or a little bent."""
    wide, high = random_like(images, 4, 8), random_like(images, 4.5, 7)  # half of the loop
    x, bottom = 14 + random_like(wide, -1, 1), random_like(wide, 22, 25)
    y, height = bottom - high, random_like(wide, 18, 21)
    meet = random_like(x, -2.6, -1.2)  # the angle where the stem meets the loop, clockwise from the right
    turns = torch.linspace(0, 1, 13, device=x.device) * (2 * torch.pi * random_like(x, 0.95, 1.1)[:, None])
    angle = meet[:, None] - turns
    sag = 1 + random_like(x, 0, 0.35)[:, None] * angle.sin()  # wider below than above
    loop = ellipse(x, y, wide[:, None] * sag, high[:, None], angle)
    start = point(x + random_like(x, -4, 6), bottom - height)
    stem = bent(start, loop[:, :1], random_like(x, -2, 1))
    return draw(torch.cat([stem, loop], dim=1), random_like(x, 0.8, 3.2))


def rising_seven(images: Tensor) -> Tensor:
    """A bar that rises, up to a sixth of a right angle, at times with a serif, and a stem, straight or bent."""
    x, y = random_like(images, 15, 21), random_like(images, 3, 6)  # the corner
    length, rise = random_like(x, 9, 14), random_like(x, 0, 0.3)
    left, level = x - length * rise.cos(), y + length * rise.sin()
    height, lean = random_like(x, 15, 20), random_like(x, 0, 9)
    serif = point(left - random_like(x, -1, 1), level + random_like(x, -4, 4).clamp(min=0))
    bar = [point(left, level), point((left + x) / 2, (level + y) / 2 + random_like(x, -1, 3)), point(x, y)]
    stem = [point(x, y), point(x - lean * random_like(x, 0.3, 0.9), y + height * 0.5), point(x - lean, y + height)]
    line = [serif, *(curve(torch.cat(part, dim=1)) for part in (bar, stem))]
    return draw(torch.cat(line, dim=1), random_like(x, 0.8, 3))


def low_barred_seven(images: Tensor) -> Tensor:
    """A bent bar, a stem that leans to either side, and low through it another bar, whose left end may be a hook."""
    x, y = random_like(images, 13, 19), random_like(images, 3, 6)  # the corner
    length, lean, height = random_like(x, 6, 12), random_like(x, -5, 6), random_like(x, 15, 20)
    left = point(x - length, y + random_like(x, -0.5, 3))
    serif = left + point(random_like(x, -1, 2), random_like(x, -1, 4).clamp(min=0))
    top = curve(torch.cat([left, point(x - length / 2, y - random_like(x, -1, 2)), point(x, y)], dim=1))
    stem = bent(point(x, y), point(x - lean, y + height), random_like(x, -1.5, 1.5))
    at = random_like(x, 0.5, 0.78)
    cross_x, cross_y = x - lean * at, y + height * at
    start = point(cross_x - random_like(x, 2, 8), cross_y + random_like(x, -1, 2))
    drop = start + point(random_like(x, -0.5, 1), random_like(x, -3, 4).clamp(min=0))
    cross = torch.cat([drop, start, point(cross_x + random_like(x, 0, 5), cross_y + random_like(x, -1.5, 1))], dim=1)
    return draw(join(torch.cat([serif, top, stem], dim=1), cross), random_like(x, 0.8, 3))


def open_nine(images: Tensor) -> Tensor:
    """A bowl that does not quite close, and a stem."""
    x, y = random_like(images, 15, 21), random_like(images, 3, 7)  # the top of the stem
    height, slant = random_like(x, 15, 21), random_like(x, -1, 7)
    left, deep = x - random_like(x, 9, 15), random_like(x, 9, 15)
    start = point(x - random_like(x, 2, 6), y + random_like(x, -2, 2))
    bowl = [start, point(left, y - 2), point(left, y + deep), point(x, y + deep), point(x, y)]
    stem = [point(x, y), point(x - slant * 0.3, y + height / 2), point(x - slant, y + height)]
    return draw(torch.cat([curve(torch.cat(part, dim=1)) for part in (bowl, stem)], dim=1), random_like(x, 0.8, 2.6))


def tailed_nine(images: Tensor) -> Tensor:
    """A small loop, closed or not, and from its right or lower side a tail, out to the right and far to the left."""
    wide, high = random_like(images, 2.5, 5.5), random_like(images, 2.5, 5)
    x, y = 14 + random_like(wide, -1, 4), 4 + high  # the middle of the loop
    leave = random_like(x, -0.3, 1.8)  # the angle where the tail begins, clockwise from the right
    turns = torch.linspace(1, 0, 13, device=x.device) * (2 * torch.pi * random_like(x, 0.8, 1.1)[:, None])
    angle = leave[:, None] + turns
    loop = ellipse(x, y, wide[:, None], high[:, None], angle)
    bottom = y + high + random_like(x, 7, 12)
    out = point(x + wide * random_like(x, 0.5, 2.5), y + high + random_like(x, 0, 6))
    under, left = point(x + wide * random_like(x, -0.5, 1.5), bottom + 2), x - random_like(x, 2, 11)
    tail = [loop[:, -1:], out, under, point(left, bottom - random_like(x, -1, 4))]
    return draw(torch.cat([loop, curve(torch.cat(tail, dim=1))], dim=1), random_like(x, 0.8, 3))


def ellipse(x: Tensor, y: Tensor, wide: Tensor, high: Tensor, angle: Tensor) -> Tensor:
    """Points around (x, y), each (N,), at angles clockwise from the right, (N, P), on half axes, (N, 1) or (N, P)."""
    return torch.stack([x[:, None] + wide * angle.cos(), y[:, None] + high * angle.sin()], dim=2)


def bent(start: Tensor, end: Tensor, aside: Tensor) -> Tensor:
    """A curve from point to point, (N, 1, 2) each, drawn to the right at its middle by pixels, (N,)."""
    middle = torch.lerp(start, end, 0.5) + point(aside, torch.zeros_like(aside))
    return curve(torch.cat([start, middle, end], dim=1))
