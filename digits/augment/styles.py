"""Ways to write a digit that MNIST's writers hardly used, drawn onto its images.

Shapes: N images of one digit, H rows, W columns; ink is 0 to 1.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from digits.augment import drawn
from digits.augment.strokes import curve, draw, join, per_image, point, random_like

INK = 0.4  # what counts as ink where a digit's ends are looked for


def restyle(images: Tensor, labels: Tensor, share: float) -> Tensor:
    """Give a share of the digits that have another style that style, and centre them anew.

    Args:
        images: (N, H, W), 0 to 1.
        labels: (N,), int64; where they are not 0 to 9, nothing happens.
        share: of the digits of each kind, 0 to 1.

    Returns:
        (N, H, W), 0 to 1.
    """
    images = images.clone()
    draw_of = torch.rand(len(images), device=images.device) / max(share, 1e-6)  # below 1: this share gets a style
    for digit, styles in STYLES.items():
        for i, style in enumerate(styles):
            turn = (draw_of >= i / len(styles)) & (draw_of < (i + 1) / len(styles))
            which = ((labels == digit) & turn).nonzero().squeeze(1)
            if len(which):
                images[which] = center(style(images[which]))
    return images


def slash(images: Tensor) -> Tensor:
    """A slash through the 0."""
    left, top, right, bottom = box(images)
    reach = random_like(left, -0.3, 0.25)  # a share of the box: beyond it, or short of it
    x, y = reach * (right - left), reach * (bottom - top)
    return add(images, torch.cat([point(right - x, top + y), point(left + x, bottom - y)], dim=1))


def gap(images: Tensor) -> Tensor:
    """A 0 that is open at the top: a wedge from its middle is left out, up to a third of a turn."""
    left, top, right, bottom = (edge[:, None, None] for edge in box(images))
    y = torch.arange(images.shape[1], device=images.device)[:, None] - (top + bottom) / 2
    x = torch.arange(images.shape[2], device=images.device) - (left + right) / 2
    angle = torch.atan2(x, -y)  # from straight up, clockwise
    around, half = (per_image(left, low, high) for low, high in ((-0.8, 0.8), (0.1, 0.6)))
    return images * ((angle - around).abs() > half)


def upstroke(images: Tensor) -> Tensor:
    """An upstroke before the 1, as is usual in Europe, up to as wide as the 1 is high, and to four in ten a foot.

    A quarter of them leans to the left, as left-handed writers may have it.
    """
    images = torch.where(per_image(images, 0, 1) < 0.25, images.flip(2), images)
    _, top, _, bottom = box(images)
    x, y = column(images, top), top + 0.6
    length, angle = random_like(x, 3, 18), random_like(x, 0.3, 1.25)
    wide, high = (length * angle.cos()).clamp(max=x - 2), length * angle.sin()
    start = point(x - wide, y + high)
    middle = point(x - wide * random_like(x, 0.3, 0.6), y + high * random_like(x, 0.2, 1))
    x, y = column(images, bottom), bottom - 0.4
    foot = torch.cat([point(x - random_like(x, 2, 6), y), point(x + random_like(x, 2, 7), y)], dim=1)
    foot[random_like(x, 0, 1) > 0.4] = torch.nan
    return add(images, join(curve(torch.cat([start, middle, point(column(images, top), top + 0.6)], dim=1)), foot))


def bar(images: Tensor) -> Tensor:
    """A bar through the 7."""
    _, top, _, bottom = box(images)
    y = top + random_like(top, 0.35, 0.75) * (bottom - top)
    x, tilt = column(images, y.round()), random_like(y, -1.5, 1.5)
    left, right = random_like(x, 2.5, 6.5), random_like(x, 2.5, 8)
    return add(images, torch.cat([point(x - left, y + tilt), point(x + right, y - tilt)], dim=1))


def hook(images: Tensor) -> Tensor:
    """A hook at the lower end of the 9, to the left."""
    _, _, _, bottom = box(images)
    x, y = column(images, bottom), bottom - 0.5
    length = random_like(x, 3, 12)
    middle = point(x - length * random_like(x, 0.1, 0.5), y + random_like(x, 1, 3.5))
    end = point(x - length, y - random_like(x, -0.5, 4))
    return add(images, curve(torch.cat([point(x, y), middle, end], dim=1)))


def long_bar(images: Tensor) -> Tensor:
    """A 5 whose upper bar reaches far to the right."""
    _, top, _, _ = box(images)
    y = top + 1
    x = column(images, y)
    end = point(x + random_like(x, 4, 11), y + random_like(x, -3, 1.5))
    return add(images, torch.cat([point(x, y), end], dim=1))


def narrow(images: Tensor) -> Tensor:
    """A narrow hand: a third to four fifths as wide, but no less than 4 pixels, with a pen about as broad as before."""
    left, _, right, _ = box(images)
    narrowest = (4 / (right - left + 1).clamp(min=1)).clamp(max=1)
    thin = scale_width(images, torch.maximum(random_like(left, 0.35, 0.8), narrowest))
    broader = F.max_pool2d(thin, (1, 3), 1, (0, 1))
    return torch.lerp(thin, broader, per_image(left, 0, 0.7))


STYLES: dict[int, list[Callable[[Tensor], Tensor]]] = {
    **{0: [slash, gap, narrow], 1: [upstroke, drawn.bold_one], 2: [narrow], 3: [narrow], 8: [narrow]},
    **{4: [drawn.open_four, drawn.cornered_four, narrow], 5: [long_bar, drawn.bare_five, narrow]},
    6: [drawn.looped_six, drawn.stemmed_six, narrow],
    7: [bar, drawn.rising_seven, drawn.low_barred_seven, narrow],
    9: [hook, drawn.open_nine, drawn.tailed_nine, narrow],
}


def add(images: Tensor, line: Tensor) -> Tensor:
    """Draw a line, (N, P, 2), onto each image, with a pen of its own width."""
    return torch.maximum(images, draw(line, random_like(images, 1, 3), images.shape[-1]))


def box(images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The first and last column and row with ink: left, top, right, bottom, each (N,), float."""
    ink = images > INK
    columns, rows = ink.any(dim=1).float(), ink.any(dim=2).float()
    last = images.shape[-1] - 1
    left, top = columns.argmax(dim=1), rows.argmax(dim=1)
    right, bottom = last - columns.flip(1).argmax(dim=1), last - rows.flip(1).argmax(dim=1)
    return left.float(), top.float(), right.float(), bottom.float()


def scale_width(images: Tensor, factor: Tensor) -> Tensor:
    """Each image, (N, H, W), widened or narrowed by its own factor, (N,), about the middle of its ink."""
    left, _, right, _ = box(images)
    half = images.shape[-1] / 2
    middle = ((left + right + 1) / 2 - half) / half  # -1 to 1
    theta = torch.zeros(len(images), 2, 3, device=images.device)
    theta[:, 0, 0], theta[:, 0, 2], theta[:, 1, 1] = 1 / factor, middle * (1 - 1 / factor), 1
    grid = F.affine_grid(theta, [len(images), 1, *images.shape[1:]], align_corners=False)
    return F.grid_sample(images.unsqueeze(1), grid, align_corners=False).squeeze(1)


def column(images: Tensor, row: Tensor) -> Tensor:
    """Where, from left to right, the ink of a row is on average: rows, (N,), to columns, (N,)."""
    ink = images[torch.arange(len(images), device=images.device), row.long()] + 1e-3
    return (ink * torch.arange(images.shape[-1], device=images.device)).sum(dim=1) / ink.sum(dim=1)


def center(images: Tensor) -> Tensor:
    """Shift each image by whole pixels, so that its centre of mass is in its middle."""
    n, h, w = images.shape
    y, x = torch.arange(h, device=images.device), torch.arange(w, device=images.device)
    mass = images.sum(dim=(1, 2)).clamp(min=1e-3)
    down = ((images.sum(dim=2) * y).sum(dim=1) / mass - (h - 1) / 2).round().long()
    right = ((images.sum(dim=1) * x).sum(dim=1) / mass - (w - 1) / 2).round().long()
    rows, columns = (y + down[:, None]) % h, (x + right[:, None]) % w
    each = torch.arange(n, device=images.device)[:, None, None]
    return images[each, rows[:, :, None], columns[:, None, :]]
