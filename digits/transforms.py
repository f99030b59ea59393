"""Pure functions on batches of images, on any device.

Shapes: N images, H rows, W columns. Raw images hold ink as 0 (none) to 255 (full).
"""

import math
from collections.abc import Sequence
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

GRID = 6  # control points of an elastic distortion along each axis


def augment(
    images: Tensor,
    rotation: float = 0.0,
    zoom: float = 0.0,
    shift: float = 0.0,
    shear: float = 0.0,
    elastic: float = 0.0,
) -> Tensor:
    """Rotate, zoom, shift, shear and distort each image by its own random amount; what comes in is background.

    Interpolation is bicubic: bilinear blurs all that a network ever sees in training, but not what it is tested on.

    Args:
        images: raw images, (N, H, W), uint8 or float, 0 to 255.
        rotation: largest angle in degrees, to either side.
        zoom: largest change of height and of width, each by its own factor; 0.1 draws them from 0.9 to 1.1.
        shift: largest shift along each axis, as a fraction of the image's size.
        shear: largest slant, to either side; 0.1 moves the top against the bottom by a tenth of the height.
        elastic: strength of a smooth random distortion (Simard, Steinkraus and Platt, 2003): the standard deviation by
            which the points of a 6×6 grid are moved along each axis, as a fraction of the image's size.

    Returns:
        (N, H, W), float32, 0 to 255. Draws from torch's global random state of the images' device.
    """
    if images.device.type == "mps":  # where torch's bicubic sampling is as new as 2026
        return augment(images.cpu(), rotation, zoom, shift, shear, elastic).to(images.device)
    n, h, w = images.shape
    angle, dx, dy, slant, *zooms = torch.rand(6, n, device=images.device) * 2 - 1  # each (N,), -1 to 1
    angle, slant = angle * math.radians(rotation), slant * shear
    zoom_x, zoom_y = (1 + z * zoom for z in zooms)
    # `affine_grid` maps output to input, so an image zoomed by 1.1 is sampled in steps of 1 / 1.1. Its axes run from
    # -1 to 1, hence 2 * shift, and for H != W the factors between the axes.
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack(
        [
            torch.stack([cos / zoom_x, (slant * cos - sin) / zoom_x * (h / w), 2 * shift * dx], dim=1),
            torch.stack([sin / zoom_y * (w / h), (cos + slant * sin) / zoom_y, 2 * shift * dy], dim=1),
        ],
        dim=1,
    )  # (N, 2, 3)
    grid = F.affine_grid(theta, [n, 1, h, w], align_corners=False)  # (N, H, W, 2)
    if elastic:
        points = torch.randn(n, 2, GRID, GRID, device=images.device) * (2 * elastic)
        grid = grid + F.interpolate(points, (h, w), mode="bicubic", align_corners=False).permute(0, 2, 3, 1)
    moved = F.grid_sample(images.float().unsqueeze(1), grid, mode="bicubic", align_corners=False)
    return moved.squeeze(1).clamp(0, 255)  # bicubic overshoots at edges


def redraw(images: Tensor) -> list[Tensor]:
    """Digits as they might have been written: moved a pixel to each corner, with a wider pen, filled, larger, narrower.

    Args:
        images: (N, C, H, W), float.

    Returns:
        Eight tensors of the same shape, one for each change. What comes in is background.
    """
    closed = -dilate(-dilate(images, 5), 5)  # outlines become strokes
    return [*shifted(images, (-1, 1)), dilate(images, 3), closed, stretch(images, 1.15, 1.15), stretch(images, 1, 0.8)]


def shifted(images: Tensor, steps: Sequence[int]) -> list[Tensor]:
    """Images, (N, C, H, W), moved by each pair of `steps`, down and to the right in pixels, around the edges."""
    return [images.roll(step, (-2, -1)) for step in product(steps, repeat=2)]


def dilate(images: Tensor, size: int) -> Tensor:
    """The largest of the `size` × `size` pixels about each one of images, (N, C, H, W) or (N, H, W); `size` is odd."""
    return F.max_pool2d(images, size, stride=1, padding=size // 2)


def stretch(images: Tensor, height: float, width: float) -> Tensor:
    """Make images, (N, C, H, W), higher and wider by a factor each, about their middle."""
    theta = images.new_tensor([[1 / width, 0, 0], [0, 1 / height, 0]]).expand(len(images), 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    background = images.amin(dim=(1, 2, 3), keepdim=True)
    return F.grid_sample(images - background, grid, align_corners=False) + background


def normalize(images: Tensor, mean: float, std: float) -> Tensor:
    """Scale raw images to 0–1, subtract the mean, divide by the standard deviation.

    Args:
        images: raw images, (N, H, W), uint8 or float, 0 to 255.
        mean: of the training images, on the 0–1 scale.
        std: of the training images, on the 0–1 scale.

    Returns:
        (N, 1, H, W), float32: what a network takes.
    """
    return (images.float() - 255 * mean).div_(255 * std).unsqueeze(1)
