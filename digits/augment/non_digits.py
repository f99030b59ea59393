"""Things that are no digits, for a network to doubt.

Shapes: N images, H rows, W columns; ink is 0 to 1.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from digits.augment.conditions import clouds
from digits.augment.strokes import curve, draw, join, per_image, uniform

# They are no digits when mirrored or turned by a quarter. 0, 1 and 8 stay digits; 2, 5, 7 and 9 resemble others.
ASYMMETRIC = (3, 4, 6)


def make_non_digits(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Make non-digits, as many of each kind, most of them from pieces of digits.

    Args:
        images: digits to take pieces from, (N, H, W), 0 to 1, at least one.
        labels: theirs, (N,), int64.
        n: how many to make.

    Returns:
        (n, H, W), 0 to 1.
    """
    each = -(-n // len(KINDS))
    return torch.cat([make(images, labels, each) for make in KINDS])[:n] if n else images[:0]


def some(images: Tensor, n: int) -> Tensor:
    """A random choice of images, with repetitions, (n, H, W)."""
    return images[torch.randint(len(images), (n,), device=images.device)]


def quarters(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """The four quarters of an image from four digits."""
    h, w = (side // 2 for side in images.shape[1:])
    a, b, c, d = some(images, 4 * n).chunk(4)
    upper = torch.cat([a[:, :h, :w], b[:, :h, w:]], dim=2)
    return torch.cat([upper, torch.cat([c[:, h:, :w], d[:, h:, w:]], dim=2)], dim=1)


def pairs(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Two digits side by side, each half as wide, overlapping a little."""
    h, w = images.shape[1:]
    narrow = F.interpolate(some(images, 2 * n).unsqueeze(1), (h, w * 5 // 8), mode="area").squeeze(1)
    left, right = narrow.chunk(2)
    rest = w - narrow.shape[2]
    return torch.maximum(F.pad(left, (0, rest)), F.pad(right, (rest, 0)))


def pieces(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """A piece of a digit, 8 to 12 pixels a side, enlarged."""
    side = int(torch.randint(8, 13, ()))
    y, x = torch.randint(4, images.shape[-1] - side - 4, (2,)).tolist()
    piece = some(images, n)[:, y : y + side, x : x + side]
    return F.interpolate(piece.unsqueeze(1), images.shape[1:], mode="bilinear").squeeze(1)


def turned(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Digits that mean nothing when mirrored, or lying on their side."""
    known = torch.isin(labels, torch.tensor(ASYMMETRIC, device=labels.device))
    found = some(images[known] if known.any() else images, n)
    return found.flip(2) if torch.rand(()) < 0.5 else found.transpose(1, 2).flip(1)


def merged(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Two digits on top of each other, one of them upside down and 4 to 7 pixels further along both axes."""
    below, above = some(images, 2 * n).chunk(2)
    down, right = (torch.randint(4, 8, (2,)) * (2 * torch.randint(2, (2,)) - 1)).tolist()
    return torch.maximum(below, above.flip(1).roll((down, right), (1, 2)))


def scribbles(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Three to five curves anywhere."""
    strokes = []
    for i in range(5):
        stroke = curve(uniform(n * 8, 0, 28, images.device).view(n, 4, 2), 5)
        if i > 2:
            stroke[torch.rand(n, device=images.device) < 0.5] = torch.nan
        strokes.append(stroke)
    return draw(join(*strokes), uniform(n, 0.8, 3, images.device), images.shape[-1])


def letters(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Letters that are not drawn like digits."""
    which = torch.randint(len(LETTERS), (n,), device=images.device)
    return write(torch.tensor(LETTERS, device=images.device)[which], images.shape[-1])


def signs(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Signs of no script: two strokes over three to five places each. Few of them happen to be a digit."""
    corners = torch.randint(9, (n, 10), device=images.device)
    corners[:, 4] = corners[:, 9] = LIFT
    corners[torch.rand(n, device=images.device) < 0.5, 3] = LIFT
    return write(corners, images.shape[-1])


def write(corners: Tensor, side: int) -> Tensor:
    """Draw lines from place to place, each somewhere near its own; half of them with round corners.

    Args:
        corners: numbers of `PLACES`, (N, P), int64.
        side: height and width of the images, in pixels.

    Returns:
        (N, side, side), 0 to 1.
    """
    n, device = len(corners), corners.device
    places = torch.tensor(PLACES, device=device) + torch.randn(n, len(PLACES), 2, device=device) * 0.09
    x, y = (places.gather(1, corners[:, :, None].expand(-1, -1, 2)) - 0.5).unbind(2)
    bounds = (11, 20), (13, 21), (-0.3, 0.3)
    width, height, slant = (uniform(n, low, high, device)[:, None] for low, high in bounds)
    points = torch.stack([x * width - slant * y * height, y * height], dim=2) + (side - 1) / 2
    smooth = round_corners(round_corners(points))
    pens, is_round = uniform(n, 0.8, 3, device), torch.rand(n, 1, 1, device=device) < 0.5
    return torch.where(is_round, draw(smooth, pens, side), draw(points, pens, side))


def round_corners(points: Tensor) -> Tensor:
    """A line, (N, P, 2), with a point more in the middle of each step, and its corners smoothed, (N, 2 P - 1, 2)."""
    middles = (points[:, :-1] + points[:, 1:]) / 2
    finer = torch.cat([torch.stack([points[:, :-1], middles], dim=2).flatten(1, 2), points[:, -1:]], dim=1)
    smooth = (finer[:, :-2] + 2 * finer[:, 1:-1] + finer[:, 2:]) / 4
    finer[:, 1:-1] = torch.where(smooth.isnan(), finer[:, 1:-1], smooth)  # where a stroke begins or ends, it stays
    return finer


def shapes(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Filled outlines, most of them symmetric, evenly or unevenly filled, some with stripes."""
    h = images.shape[-1]
    y = (torch.arange(h, device=images.device)[:, None] - (h - 1) / 2).abs().expand(h, h)
    widths = (
        F.interpolate(torch.rand(n, 1, int(torch.randint(3, 8, ()))), h, mode="linear").squeeze(1).to(images.device)
    )
    widths = (2 + 11 * widths)[:, :, None]  # half of the shape's width in each row
    x = torch.arange(h, device=images.device) - (h - 1) / 2
    lean = per_image(widths, -4, 4) * clouds(n, 3, h, images.device).mean(2, keepdim=True)
    tall = per_image(widths, 5, 14)
    filled = (widths - (x + lean).abs()).clamp(0, 1) * (y < tall)
    period = per_image(widths, 2, 7)
    stripes = 0.5 + 0.5 * torch.sin(2 * torch.pi * (y if torch.rand(()) < 0.5 else x) / period)
    fill = torch.lerp(
        clouds(n, int(torch.randint(2, 12, ())), h, images.device), stripes, per_image(widths, -0.7, 0.7).clamp(min=0)
    )
    return filled * (per_image(widths, 0.2, 1) + (fill - 0.5) * per_image(widths, 0, 1.4)).clamp(0, 1)


def blots(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Smooth levels, from faint to hard."""
    field = clouds(n, int(torch.randint(2, 12, ())), images.shape[-1], images.device)
    return ((field - per_image(field, 0.2, 0.8)) * per_image(field, 1, 20) + 0.5).clamp(0, 1)


def noise(images: Tensor, labels: Tensor, n: int) -> Tensor:
    """Even levels with as much noise as can be, some of it in black and white."""
    field = torch.rand(n, *images.shape[1:], device=images.device)
    hard = (field < per_image(field, 0, 1)).float()
    return torch.where(
        per_image(field, 0, 1) < 0.3, hard, per_image(field, 0, 1) + (field - 0.5) * per_image(field, 0, 2)
    ).clamp(0, 1)


NAN = float("nan")
# Where the corners of letters are in their box; the last one lifts the pen.
PLACES = [(x, y) for y in (0.0, 0.5, 1.0) for x in (0.0, 0.5, 1.0)] + [(NAN, NAN)]
LIFT = 9
LETTERS = [
    [*map(int, word), *[int(word[-1])] * (10 - len(word))]  # all of one length: the last corner is repeated
    # Each digit is a place: 012 is the upper, 345 the middle, 678 the lower row; 9 lifts the pen.
    for word in (
        *("618935", "2068934", "206934", "06928935", "0692938", "60428", "6082", "602536", "6025368", "02917", "072"),
        *("06482", "08926", "042947", "6186", "17935", "6028", "0293596", "06917928", "179352"),
        *("069358", "369358", "0690179128", "286354", "352068", "028635", "217934", "0692548"),
    )
]
KINDS: list[Callable[[Tensor, Tensor, int], Tensor]] = [
    *(quarters, pairs, pieces, turned, merged),
    *(scribbles, letters, signs, shapes, blots, noise),
]
