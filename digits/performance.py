"""What makes training fast and changes none of its results. Each trick stands here with the measurement that pays it.

Seconds per epoch of `LargeCNN`, batch 200, on two cores of an AMD EPYC (AVX512), torch 2.15: 8.9 without either, 3.3
with both.
"""

import ctypes
import platform

import torch
from torch import nn


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next batch.

    By default it hands large blocks back to the system, and the page faults of getting them again took half of the
    time. Does nothing where there is no glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    m_trim_threshold, m_top_pad, m_mmap_threshold = -1, -2, -3
    mallopt(m_mmap_threshold, 1 << 30)
    mallopt(m_trim_threshold, 1 << 30)
    mallopt(m_top_pad, 1 << 26)


def use_channels_last(model: nn.Module) -> None:
    """Store convolutions' weights with the channels last; max pooling is 5 to 10 times as fast in this layout."""
    model.to(memory_format=torch.channels_last)
