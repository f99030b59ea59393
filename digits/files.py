"""Files that are whole, or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from PIL import Image

from digits.errors import InputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file it was that could not be written.

    Raises:
        InputError: in place of an OSError, such as for a full disk.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror or error}") from error


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file that takes the place of `path` when all is written; whatever happens, `path` is whole.

    Raises:
        InputError: it can't be written; what was there before is still there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    text = {} if "b" in mode else {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open(mode, **text) as file:  # type: ignore[call-overload]
                yield file
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def check_writable(option: str, path: Path) -> None:
    """Refuse a file that can't be written before anything is computed for it.

    Raises:
        InputError: names the option, the file and the reason.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{option} {path} can't be written: {error.strerror}") from None
    if path.is_dir():
        raise InputError(f"{option} {path} is a folder: give a file")


def save_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG file."""
    with replacing(path, "wb") as file:
        picture.save(file, "png")
