"""Standard output: it fails only where it can take nothing more, and is kept for a file that goes to it."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from digits.argv import options_with_values
from digits.errors import InputError

NAMES = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")  # by which a path means it
OPTIONS = ("--predictions.path", "--predictions.picture", "--path")  # that name a file to write
reserved: list[Any] = []  # standard output, while what is printed goes to standard error

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


def is_standard_output(path: Path | str) -> bool:
    """Whether a path means standard output."""
    return str(path) in NAMES


def wants_standard_output(args: list[str]) -> bool:
    """Whether an option says that a file goes to standard output."""
    return any(option in OPTIONS and is_standard_output(value) for option, value in options_with_values(args))


@contextmanager
def reserve_standard_output(wanted: bool) -> Iterator[None]:
    """Print to standard error for a while, as standard output is for a file, if that is wanted."""
    if not wanted:
        yield
        return
    reserved.append(sys.stdout)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdout = reserved.pop()


def standard_output() -> Any:
    """Standard output, also while it is reserved."""
    return reserved[-1] if reserved else sys.stdout
