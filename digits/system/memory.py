"""Memory of the process."""

import ctypes
import itertools
import platform
from functools import cache
from typing import Any

EVERY = 3
CALLS = itertools.count(1)


def return_freed_memory() -> None:
    """Hand freed memory back to the system at every third call, where there is glibc.

    Pages have all sizes, and so have the blocks of memory that reading them takes: glibc keeps the freed ones, in
    pieces that the next page does not fit into, and a process that reads many pages would grow to twice its size. It
    costs a tenth of a second, most of it when the memory is taken again.
    """
    if next(CALLS) % EVERY == 0 and (libc := glibc()) is not None:
        libc.malloc_trim(0)


@cache
def glibc() -> Any:
    """The C library, or None if it is another."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
