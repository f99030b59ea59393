"""Which errors are told in one line: those that name what the user gave. Others are bugs, and show their traceback."""

import errno
import os
import re
import textwrap
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import jsonargparse
import lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback
from torch.multiprocessing import ProcessRaisedException

from digits.console import shown
from digits.errors import InputError
from digits.misfit import misfit
from digits.options.parser_errors import brief

KNOWN_ERRORS = (InputError, MisconfigurationException, ModuleNotFoundError, OSError)
# What Lightning raises for options that don't go together; anything else, such as a RuntimeError of its strategies'
# workers, has more to tell than one line holds.
SLIPS = (ArithmeticError, AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
LONGEST = 350  # characters
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
TORCH = str(Path(torch.__file__).parent / "")
CHECKING = tuple(str(Path(module.__file__ or "").parent) for module in (lightning, jsonargparse))


def refusal(error: BaseException | None) -> str | None:
    """What an error, or the one that it was raised from, tells the user; None for a bug."""
    error = next((one for one in causes(error) if isinstance(one, InputError)), error)  # whatever the parser made of it
    while error is not None and not isinstance(error, KNOWN_ERRORS):
        if (told := misfit(error)) is not None:
            return told
        if isinstance(error, SLIPS) and is_of_lightning(frames := own_frames(error)):
            text = error.args[0] if isinstance(error, KeyError) and error.args else str(error)
            text = textwrap.shorten(brief(str(text)) or type(error).__name__, LONGEST, placeholder=" …")
            owners = (frame.f_locals.get("self") for frame in reversed(frames))
            named = next((type(one).__name__ for one in owners if isinstance(one, Callback)), None)  # by the user
            return text if named is None else f"{named}: {text}"
        if isinstance(error, ProcessRaisedException):
            return of_process(error)
        error = error.__cause__
    if isinstance(error, BrokenPipeError):
        return None  # the end of `digits … | head`, which `digits.__main__` knows
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return None if error is None else str(error)


def of_process(error: ProcessRaisedException) -> str | None:
    """What an error in a process of the strategy ddp_spawn tells the user; its traceback comes as text."""
    told = re.search(
        rf"^{InputError.__module__}\.{InputError.__name__}: (.*)", text := str(error), re.DOTALL | re.MULTILINE
    )
    if told is None and "Traceback" not in text:  # but for what Lightning explains in its place
        return textwrap.shorten(text, LONGEST, placeholder=" …")
    return told and told[1].strip()


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def own_frames(error: BaseException) -> list[FrameType]:
    """The functions in the traceback that are not torch's own."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [frame for frame in frames if not frame.f_code.co_filename.startswith(TORCH)]


def is_of_lightning(frames: Sequence[FrameType]) -> bool:
    """Whether the last of these functions is one of Lightning or of its parser.

    Errors come from there when Lightning checks what it was given. Those of a network, or of this package, come from
    functions of their own.
    """
    return bool(frames) and frames[-1].f_code.co_filename.startswith(CHECKING)


def with_folder(error: BaseException, folder: Path | None) -> BaseException:
    """An error, with the run's folder if it says that a disk is full but not of which file; or the Ctrl-C behind it.

    TensorBoard's writer and Lightning name no file. Lightning turns Ctrl-C into an exit with status 1.
    """
    if isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt):
        return KeyboardInterrupt()
    if isinstance(error, OSError) and error.errno in DISK and error.filename is None and folder is not None:
        return InputError(f"{shown(folder)} can't be written: {error.strerror}")
    return error


def tell_of_thread(args: Any) -> None:
    """Print an error in a thread, unless it is TensorBoard's writer, which raises it again in the main thread."""
    if type(args.thread).__name__ != "_AsyncWriterThread":
        threading.__excepthook__(args)
