"""Training images as other people, pens, papers and cameras would make them: pure functions of a batch, on any device.

Shapes: N images, H rows, W columns, P points. Ink is 0 (none) to 1 (full) here. All draw from torch's global random
state.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from digits.augment.conditions import vary
from digits.augment.non_digits import make_non_digits
from digits.augment.styles import restyle

__all__ = ["broaden", "make_non_digits", "restyle", "vary"]

NOT_A_DIGIT = -1  # the label of what is to be doubted


def broaden(
    images: Tensor,
    labels: Tensor,
    light: Callable[[Tensor], Tensor],
    styles: float,
    robust: float,
    non_digits: float,
) -> tuple[Tensor, Tensor]:
    """Make a training batch of more than the images show: other styles, other conditions, and things to be doubted.

    Args:
        images: raw images in random order, (N, H, W), uint8, 0 to 255.
        labels: theirs, (N,), int64.
        light: changes raw images lightly: those that `robust` leaves.
        styles: share of the digits with another style that get it.
        robust: share of the images that are changed strongly.
        non_digits: non-digits that are added, per image; half of them are changed strongly.

    Returns:
        Images, (N + M, H, W), float32, 0 to 255, and labels, (N + M,), those of the M non-digits `NOT_A_DIGIT`.
    """
    n = len(images)
    digits = restyle(images / 255, labels, styles)
    others = make_non_digits(digits, labels, round(n * non_digits))
    strong = round(n * robust)
    parts = [vary(digits[:strong]) * 255, digits[strong:] * 255, vary(others[::2]) * 255, others[1::2] * 255]
    if strong < n:
        parts[1] = light(parts[1])
    return torch.cat(parts), torch.cat([labels, labels.new_full((len(others),), NOT_A_DIGIT)])
