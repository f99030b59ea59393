"""Standard output that makes a command fail only where it can take nothing more."""

import errno
import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from digits.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")


def repair_output() -> None:
    """Keep printing from failing: a closed output takes all and keeps nothing, and what it can't encode becomes "?".

    Where a disk is full, printing raises an InputError that says so; an OSError would name no file.
    """
    if sys.stdout is None:  # as after `>&-`
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    elif sys.stdout.errors in ("strict", "surrogateescape") and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    output: Any = sys.stdout
    if sys.stdout is sys.__stdout__ and "flush" not in vars(output):  # not twice
        vars(output).update(write=naming_output(output.write), flush=naming_output(output.flush))


def naming_output(method: Callable[P, R]) -> Callable[P, R]:
    """A method that writes to standard output, with errors that say so.

    Raises:
        InputError: the output takes no more, such as on a full disk; what is printed from then on is thrown away.
    """

    @wraps(method)
    def named(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except BrokenPipeError:  # who reads has read enough: no error
            raise
        except OSError as error:
            discard_output()
            why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            raise InputError(f"standard output can't be written: {why}") from None

    return named


def discard_output() -> None:
    """Throw away what was printed and can't be written, and what is still to come."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
