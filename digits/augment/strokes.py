"""Lines and curves, drawn onto batches of images.

Shapes: N images, P points of a line, each (x, y) in pixels, H rows, W columns.
"""

import math

import torch
from torch import Tensor

SIDE = 28


def draw(points: Tensor, width: Tensor, side: int = SIDE) -> Tensor:
    """One line per image, straight from point to point.

    Args:
        points: (N, P, 2), float; a point of NaN lifts the pen.
        width: of the pen, in pixels, (N,).
        side: height and width of the images, in pixels.

    Returns:
        (N, side, side), 0 to 1, with soft edges.
    """
    x = torch.arange(side, device=points.device)
    y = x.unsqueeze(1)
    start, step = points[:, :-1], points.diff(dim=1)  # (N, P - 1, 2)
    (left, top), (right, down) = (p[..., None, None].unbind(2) for p in (start, step))  # each (N, P - 1, 1, 1)
    along = ((x - left) * right + (y - top) * down) / (right**2 + down**2 + 1e-6)  # 0 at the start, 1 at the end
    along.clamp_(0, 1)
    squared = (x - left - along * right) ** 2 + (y - top - along * down) ** 2  # (N, P - 1, side, side)
    distance = squared.nan_to_num(nan=math.inf).amin(dim=1).sqrt()
    return (0.5 + width[:, None, None] / 2 - distance).clamp(0, 1)


def curve(points: Tensor, steps: int = 6) -> Tensor:
    """A Bézier curve of any degree as a line: control points, (N, P, 2), to (N, steps + 1, 2)."""
    at = torch.linspace(0, 1, steps + 1, device=points.device)[:, None, None]
    rest = points.unsqueeze(1)  # (N, 1, P, 2)
    while rest.shape[2] > 1:
        rest = torch.lerp(rest[:, :, :-1], rest[:, :, 1:], at)
    return rest[:, :, 0]


def join(*lines: Tensor) -> Tensor:
    """Lines, each (N, P, 2), one after the other, with the pen lifted in between: (N, sum of P + lines - 1, 2)."""
    lift = torch.full_like(lines[0][:, :1], math.nan)
    return torch.cat([part for line in lines for part in (lift, line)][1:], dim=1)


def uniform(n: int, low: float, high: float, device: torch.device) -> Tensor:
    """Random numbers, (n,)."""
    return torch.empty(n, device=device).uniform_(low, high)


def point(x: Tensor, y: Tensor) -> Tensor:
    """Coordinates, (N,) each, as one point of each image, (N, 1, 2)."""
    return torch.stack([x, y], dim=1).unsqueeze(1)


def random_like(x: Tensor, low: float, high: float) -> Tensor:
    """Random numbers, (N,), as many as `x`, (N, …), has rows, and on its device."""
    return uniform(len(x), low, high, x.device)


def per_image(x: Tensor, low: float, high: float) -> Tensor:
    """The same as (N, 1, 1), to be combined with images."""
    return random_like(x, low, high)[:, None, None]
