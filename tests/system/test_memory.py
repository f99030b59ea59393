"""Memory is handed back."""

import platform
from pathlib import Path

import pytest
import torch

from digits.system.memory import EVERY, return_freed_memory

BLOCKS = 60


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc")
def test_freed_blocks_between_kept_ones_go_back_to_the_system() -> None:
    blocks = [torch.ones(100_000, dtype=torch.uint8) for _ in range(2 * BLOCKS * 8)]
    kept = blocks[::2]
    blocks.clear()
    before = resident()
    for _ in range(EVERY):
        return_freed_memory()
    assert before - resident() > 0.5 * 100_000 * len(kept)
