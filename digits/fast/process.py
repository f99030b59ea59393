"""What makes training fast. Each trick stands here, with the measurement that pays for it.

Milliseconds per step of 200 images on two cores of an AMD EPYC (AVX512 with bf16), torch 2.15, each trick added to
those above it, by `python -m benchmarks.tricks`; the machine turns half as fast for minutes, so that a figure may be
too high by half:

                          LargeCNN  SmallCNN
    none                      35.1      37.8
    freed memory is kept      24.8      28.3
    channels last             15.3      33.0
    bf16                      12.0      20.9
    `Dropout`                 11.9      17.2
    `MaxPool2d`               10.2      10.2
    all of them but bf16      14.7      17.5
    and but `MaxPool2d`       15.1      21.3

Where a trick does not apply (another C library, a GPU, another precision), torch's own way is taken. What spares a step
Lightning's bookkeeping stands in `digits/fast/loop.py`, and what makes the process start and end fast in
`digits/__main__.py`, as it must come before torch is imported.
"""

import ctypes
import os
import platform
import sys
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn


def prepare_process() -> None:
    """Do what makes the whole process fast; once, before training."""
    keep_freed_memory()
    leave_tensorflow_alone()
    look_for_gpus_once()


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next batch.

    By default it hands large blocks back to the system, and the page faults of getting them again take a third of the
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
    """Store convolutions' weights with the channels last; torch's max pooling is several times as fast so.

    Not where there is an Apple GPU: batch normalisation failed there with channels last until torch's pull request
    188371.
    """
    if not torch.backends.mps.is_available():
        model.to(memory_format=torch.channels_last)


def leave_tensorflow_alone() -> None:
    """Let TensorBoard use its own stand-in for TensorFlow, also where TensorFlow is installed.

    Importing TensorFlow takes seconds and half a gigabyte, and nothing here needs it. This is TensorBoard's own switch.
    """
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))


def look_for_gpus_once() -> None:
    """Where there is no NVIDIA GPU, keep torch from looking for one in every step of an optimizer.

    Lightning has it look by opening NVIDIA's library, which where that is missing takes 0.1 ms, a tenth of a step of
    `configs/dense.yaml`.
    """
    if not torch.cuda.is_available():
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def fastest_precision(accelerator: str) -> str:
    """The precision to train with: "bf16-mixed" where the processor multiplies bf16 by itself, otherwise "32-true".

    On a processor that only emulates bf16, it is slower than float32.

    Args:
        accelerator: Lightning's name of it, such as "auto", "cpu" or "gpu".
    """
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    elif accelerator in ("auto", "cpu"):
        known = torch.cpu.get_capabilities()
        fast = known.get("avx512_bf16", False) or known.get("amx_bf16", False)
    else:
        fast = False
    return "bf16-mixed" if fast else "32-true"


class Dropout(nn.Dropout):
    """Dropout whose mask is drawn, on a CPU, 64 random bits for four values at a time instead of one by one.

    The probability is exact to 1/65,536.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or x.device.type != "cpu" or not 0 < self.p < 1 or torch.compiler.is_compiling():
            return super().forward(x)
        n = x.numel()
        bits = torch.empty((n + 3) // 4, dtype=torch.int64).random_(-(1 << 63), None).view(torch.int16)[:n]
        mask = torch.empty_like(x)  # in the order of x in memory, which may be channels last
        mask.as_strided((n,), (1,)).copy_(bits.ge_(round(self.p * 65536) - 32768)).mul_(1 / (1 - self.p))
        return x * mask


class MaxPool2d(nn.MaxPool2d):
    """Max pooling over 2×2 pixels, (N, C, H, W) to (N, C, H // 2, W // 2).

    On a CPU by maxima of whole arrays, where torch's own goes pixel by pixel.
    """

    def __init__(self) -> None:
        super().__init__(2)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or torch.compiler.is_compiling() or torch.jit.is_tracing():
            return super().forward(x)  # a graph shows, and an export holds, what is meant
        if not x.requires_grad:
            return largest_of_four(x)[-1].permute(0, 3, 1, 2)
        if x.shape[2] % 2 == x.shape[3] % 2 == 0:
            return LargestOfFour.apply(x)
        return super().forward(x)


def largest_of_four(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The largest of 2×2 pixels of x, (N, C, H, W), in two steps, each of which is returned with what it chose from.

    Returns:
        upper pixels, (N, H // 2, W, C), the larger of upper and lower; of these the left ones, (N, H // 2, W // 2, C),
        the larger of left and right.
    """
    h, w = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    rows = x.permute(0, 2, 3, 1)
    upper, lower = rows[:, 0:h:2], rows[:, 1:h:2]
    larger = torch.maximum(upper, lower)
    left, right = larger[:, :, 0:w:2], larger[:, :, 1:w:2]
    return upper, larger, left, torch.maximum(left, right)


class LargestOfFour(torch.autograd.Function):
    """Max pooling of an even number of rows and columns, with its gradient.

    The gradient is selected as integers times 0 or 1: exact, and the fastest operation there is for it. Among equal
    values the upper, then the left one gets it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        upper, larger, left, largest = largest_of_four(x)
        whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}[x.element_size()]
        is_upper, is_left = torch.empty(upper.shape, dtype=whole), torch.empty(left.shape, dtype=whole)
        torch.eq(upper.view(whole), larger.view(whole), out=is_upper)
        torch.eq(left.view(whole), largest.view(whole), out=is_left)
        ctx.save_for_backward(is_upper, is_left)
        return largest.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        is_upper, is_left = ctx.saved_tensors
        n, h, w, c = is_left.shape  # of the result
        grad = grads[0].permute(0, 2, 3, 1).contiguous().view(is_left.dtype)
        larger = torch.empty_like(is_upper)  # (N, H, 2 W, C)
        torch.mul(grad, is_left, out=larger[:, :, 0::2])
        torch.sub(grad, larger[:, :, 0::2], out=larger[:, :, 1::2])
        all_four = torch.empty(n, 2 * h, 2 * w, c, dtype=is_left.dtype)
        torch.mul(larger, is_upper, out=all_four[:, 0::2])
        torch.sub(larger, all_four[:, 0::2], out=all_four[:, 1::2])
        return all_four.view(grads[0].dtype).permute(0, 3, 1, 2)
