"""What makes training fast outside the network.

docs/speed.md has what each optimization is worth. Where one does not apply (another C library, a GPU, another
precision), torch's own way is taken. Dropout and max pooling stand in `digits/fast/layers.py`, what spares a step
Lightning's bookkeeping in `digits/fast/loop.py`, and `digits/fast/trainer.py` applies all of them.
"""

import os
import sys
from types import ModuleType

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from digits.system.memory import glibc


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
    if (libc := glibc()) is None:
        return
    mallopt = libc.mallopt
    m_trim_threshold, m_top_pad, m_mmap_threshold = -1, -2, -3
    mallopt(m_mmap_threshold, 1 << 30)
    mallopt(m_trim_threshold, 1 << 30)
    mallopt(m_top_pad, 1 << 26)


def use_channels_last(model: nn.Module) -> None:
    """Store convolutions' weights with the channels last; torch's max pooling is several times as fast so.

    Does nothing where there is an Apple GPU, on which batch normalisation failed with channels last until torch's pull
    request 188371, and nothing to networks with lazy layers, which have no weights yet.
    """
    if not torch.backends.mps.is_available() and not any(map(is_lazy, model.parameters())):
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
