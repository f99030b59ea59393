"""Fingerprints of images: with them a network knows, without the images, whether it was trained on some.

Shapes: N images, all of 28×28 pixels.
"""

import torch
from torch import Tensor

MOST = 8192  # of a network, 64 KB in a checkpoint
WORDS = 28 * 28 // 8
MULTIPLIERS = torch.full((WORDS,), -0x61C8864680B583EB).cumprod(0)  # powers of an odd number, modulo 2^64


def fingerprints(images: Tensor) -> Tensor:
    """A number for each image that depends on all of its pixels, by which hardly two images are ever confused.

    Args:
        images: (N, 28, 28) uint8.

    Returns:
        (N,) int64.
    """
    parts = [torch.empty(0, dtype=torch.int64)]
    for chunk in images.cpu().contiguous().split(4096):  # in the cache of a processor
        words = chunk.flatten(1).view(torch.int64) * MULTIPLIERS  # (N, 98), modulo 2^64
        words ^= words >> 32  # what the multiplication has moved up comes down again
        parts.append(words.mul_(MULTIPLIERS).sum(dim=1))
    return torch.cat(parts)


def merge(new: Tensor, old: Tensor | None = None) -> Tensor:
    """At most `MOST` fingerprints: each of `new` once, or a fair sample of them, then `old` ones."""
    new = new.unique()[:MOST]  # the smallest, as they are random numbers
    return new if old is None else torch.cat([new, old[~torch.isin(old, new)]])[:MOST]


def count_known(images: Tensor, known: Tensor | None) -> int:
    """How many images, (N, 28, 28) uint8, are among those of `known` fingerprints."""
    return 0 if known is None else int(torch.isin(fingerprints(images), known).sum())
