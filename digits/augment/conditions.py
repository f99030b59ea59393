"""What pens, papers, scanners and cameras do to a digit.

Shapes: N images, H rows, W columns; ink is 0 to 1. Each function changes all the images that it is given, each by its
own random amount; `vary` gives each of them a share of a batch.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from digits.augment.strokes import draw, join, per_image, random_like, uniform
from digits.augment.styles import box, scale_width
from digits.transforms import augment, dilate

Change = Callable[[Tensor], Tensor]


def vary(images: Tensor) -> Tensor:
    """Strongly changed images, (N, H, W), 0 to 1, as float: geometry, pen, resolution, obstacles, optics, paper."""
    if not len(images):
        return images
    images = on_some(images, 0.3, stretch)
    images = augment(images * 255, rotation=25, zoom=0.3, shift=0.12, shear=0.4, elastic=0.02) / 255
    for share, change in CHANGES:
        images = on_some(images, share, change)
    return images.clamp(0, 1)


def on_some(images: Tensor, share: float, change: Change) -> Tensor:
    """Apply `change` to a random share of the images; the others stay as they are."""
    chosen = (torch.rand(len(images), device=images.device) < share).nonzero().squeeze(1)
    return images.index_copy(0, chosen, change(images[chosen])) if len(chosen) else images


def stretch(images: Tensor) -> Tensor:
    """Widened, up to 20 pixels and 3 times, about its middle: a 1 that was cropped to its ink and scaled."""
    left, _, right, _ = box(images)
    width = (right - left + 1).clamp(min=1)
    widest = (20 / width).clamp(1, 3)
    factor = 1 + (widest - 1) * random_like(images, 0, 1)
    return scale_width(images, factor)


def widen(images: Tensor) -> Tensor:
    """A broader pen: part of the way to the largest of 3×3 pixels."""
    return torch.lerp(images, dilate(images, 3), per_image(images, 0, 1))


def thin(images: Tensor) -> Tensor:
    """A finer pen: part of the way to the least of 3×3 pixels, its ink as strong as before."""
    finer = torch.lerp(images, -dilate(-images, 3), per_image(images, 0, 0.8))
    return finer / finer.amax(dim=(1, 2), keepdim=True).clamp(min=0.2)


def pixelate(images: Tensor) -> Tensor:
    """A low resolution, 8 to 20 pixels, half of them in black and white."""
    side, mode = int(torch.randint(8, 21, ())), ("nearest", "bilinear", "bicubic")[int(torch.randint(3, ()))]
    small = F.interpolate(images.unsqueeze(1), (side, side), mode="area").squeeze(1)
    hard = (small > per_image(images, 0.15, 0.5)).float()
    small = torch.where(per_image(images, 0, 1) < 0.5, hard, small)
    return F.interpolate(small.unsqueeze(1), images.shape[1:], mode=mode).squeeze(1).clamp(0, 1)


def harden(images: Tensor) -> Tensor:
    """Hard edges: a high contrast about a random level."""
    return ((images - per_image(images, 0.2, 0.6)) * per_image(images, 2, 30) + 0.5).clamp(0, 1)


def scatter(images: Tensor) -> Tensor:
    """Rough edges: each pixel taken from up to 1.5 pixels away."""
    h, w = images.shape[1:]
    reach = per_image(images, 0.3, 1.5)
    y = torch.arange(h, device=images.device)[:, None] + (torch.rand_like(images) * 2 - 1) * reach
    x = torch.arange(w, device=images.device) + (torch.rand_like(images) * 2 - 1) * reach
    at = y.round().clamp(0, h - 1) * w + x.round().clamp(0, w - 1)
    return images.flatten(1).gather(1, at.flatten(1).long()).view_as(images)


def cross(images: Tensor) -> Tensor:
    """One to three lines through the digit, straight, bent or zigzag, some of them dotted."""
    n, side, device = len(images), images.shape[-1], images.device
    straight, bent = (uniform(2 * n * p, -2, side + 2, device).view(n, p, 2) for p in (2, 5))
    bent[torch.rand(n, device=device) < 0.7] = torch.nan
    teeth = torch.arange(15, device=device)
    start, step, rise, high = (
        uniform(n, low, most, device)[:, None] for low, most in ((-4, 6), (1.5, 4.5), (-0.3, 0.3), (1, 6))
    )
    x = start + step * teeth
    zigzag = torch.stack([x, uniform(n, 0, side, device)[:, None] + rise * x + high * (teeth % 2)], dim=2)
    zigzag[torch.rand(n, device=device) < 0.5] = torch.nan
    line = draw(join(straight, bent, zigzag), uniform(n, 0.5, 2.5, device), side)
    dots = (torch.arange(side, device=device) / per_image(images, 2, 6)) % 1 < 0.5
    return torch.maximum(images, line * (dots | (per_image(images, 0, 1) < 0.6)) * per_image(images, 0.4, 1))


def rule(images: Tensor) -> Tensor:
    """Ruled or squared paper: fainter lines at equal distances of 6 to 20 pixels, over or under the ink."""
    lines = torch.zeros_like(images)
    for axis in (1, 2):
        at = torch.arange(images.shape[axis], device=images.device).view(-1, *[1] * (2 - axis))
        distance = per_image(images, 6, 20)
        off = ((at + per_image(images, 0, 20)) % distance - distance / 2).abs()
        drawn = (per_image(images, 0.3, 1.3) + 0.5 - off).clamp(0, 1) * (per_image(images, 0, 1) < 0.6)
        lines = torch.maximum(lines, drawn)
    return torch.maximum(images, lines * per_image(images, 0.2, 1))


def margin(images: Tensor) -> Tensor:
    """A page's edge or a frame: beyond a straight line, which misses the middle, all has another level."""
    h, w = images.shape[1:]
    y = torch.arange(h, device=images.device)[:, None] - (h - 1) / 2
    x = torch.arange(w, device=images.device) - (w - 1) / 2
    quarter = torch.randint(4, (len(images), 1, 1), device=images.device) * (torch.pi / 2)
    angle = quarter + per_image(images, -0.15, 0.15)
    beyond = x * angle.cos() + y * angle.sin() - per_image(images, 6, 15)
    return torch.lerp(images, per_image(images, 0, 1).expand_as(images), beyond.clamp(0, 1))


def cut_out(images: Tensor) -> Tensor:
    """A rectangle of 3 to 10 pixels a side without ink, or of one level (DeVries and Taylor, 2017)."""
    h, w = images.shape[1:]
    top, left = per_image(images, -2, h - 4), per_image(images, -2, w - 4)
    y, x = torch.arange(h, device=images.device)[:, None], torch.arange(w, device=images.device)
    inside = (y >= top) & (y < top + per_image(images, 3, 10)) & (x >= left) & (x < left + per_image(images, 3, 10))
    level = per_image(images, 0, 1) * (per_image(images, 0, 1) < 0.4)
    return torch.where(inside, level, images)


def convolve(images: Tensor) -> Tensor:
    """A random filter of 3×3 or 5×5 pixels, stretched to the full range, mixed with the image (Xu et al., 2021)."""
    n, size = len(images), 3 if torch.rand(()) < 0.5 else 5
    weights = torch.randn(n, 1, size, size, device=images.device)
    padded = F.pad(images.unsqueeze(0), [size // 2] * 4, mode="replicate")
    texture = F.conv2d(padded, weights, groups=n).squeeze(0)
    low, high = texture.amin(dim=(1, 2), keepdim=True), texture.amax(dim=(1, 2), keepdim=True)
    return torch.lerp((texture - low) / (high - low + 1e-3), images, per_image(images, 0, 0.6))


def blur(images: Tensor) -> Tensor:
    """Out of focus, or moved: a Gaussian of up to 2 pixels, up to 3.5 along a random direction."""
    n, reach = len(images), 5
    offset = torch.arange(-reach, reach + 1, device=images.device)
    angle, narrow = per_image(images, 0, torch.pi), per_image(images, 0.2, 1.8)
    wide = narrow + per_image(images, -1, 2).clamp(min=0)
    along = offset * angle.cos() + offset[:, None] * angle.sin()
    aside = offset[:, None] * angle.cos() - offset * angle.sin()
    weights = torch.exp(-((along / wide) ** 2 + (aside / narrow) ** 2) / 2)
    weights /= weights.sum(dim=(1, 2), keepdim=True)
    return F.conv2d(images.unsqueeze(0), weights.unsqueeze(1), padding=reach, groups=n).squeeze(0)


def clouds(n: int, points: int, side: int, device: torch.device) -> Tensor:
    """Smooth random levels, 0 to 1: `points` a side, interpolated, (n, side, side)."""
    coarse = torch.rand(n, 1, points, points, device=device)
    return F.interpolate(coarse, (side, side), mode="bicubic", align_corners=False).squeeze(1).clamp(0, 1)


def uneven_paper(images: Tensor) -> Tensor:
    """Stains, shadows and fog: smooth levels that lie over paper and ink alike, or under the ink."""
    field = clouds(len(images), int(torch.randint(2, 9, ())), images.shape[-1], images.device) * per_image(images, 0, 1)
    over = (images + 3 * field) / (1 + 3 * field.amax(dim=(1, 2), keepdim=True))
    under = images + (1 - images) * field
    return torch.where(per_image(images, 0, 1) < 0.5, over, under)


def fade(images: Tensor) -> Tensor:
    """A low contrast: ink of at least a fifth of the range, on paper of any level; sometimes ink beyond the range."""
    paper = per_image(images, 0, 0.6)
    return (paper + images * per_image(images, 0.2, 1.1)).clamp(0, 1)


def specks(images: Tensor) -> Tensor:
    """Up to a quarter of the pixels black or white."""
    noise = torch.rand_like(images)
    share = per_image(images, 0, 0.25)
    return torch.where(noise < share, (noise < share / 2).float(), images)


def grain(images: Tensor) -> Tensor:
    """Noise of a normal distribution, or of few photons."""
    noise = torch.randn_like(images)
    photons = per_image(images, 2, 20)
    shot = images + noise * (images.clamp(min=0) / photons).sqrt()
    return torch.where(per_image(images, 0, 1) < 0.6, images + noise * per_image(images, 0, 0.4), shot).clamp(0, 1)


def invert(images: Tensor) -> Tensor:
    """Dark ink on light paper."""
    return 1 - images


CHANGES: list[tuple[float, Change]] = [
    *((0.3, widen), (0.25, thin), (0.2, pixelate), (0.2, pixelate), (0.15, harden), (0.15, scatter)),
    *((0.2, cross), (0.1, rule), (0.12, cut_out), (0.25, convolve), (0.2, blur), (0.12, margin)),
    *((0.15, uneven_paper), (0.2, fade), (0.15, grain), (0.12, specks), (0.08, invert)),
]
