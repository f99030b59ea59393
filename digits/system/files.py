"""Files that are whole or not there, and outputs that are no files, such as pipes and devices."""

import io
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import IO, Any

from PIL import Image

from digits.errors import InputError
from digits.system.standard_output import is_standard_output, standard_output

TABLES, PICTURES = (".csv", ".parquet"), (".png",)  # what such files may be called
TEXT: dict[str, Any] = {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file it was that could not be written.

    Raises:
        InputError: in place of an OSError, such as for a full disk.
    """
    try:
        yield
    except BrokenPipeError:  # who reads, such as `head`, has read enough
        raise
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror or error}") from error


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file that takes the place of `path` when all is written; whatever happens, `path` is whole.

    A link stays, and what it leads to is replaced. A pipe, a device or standard output is written to.

    Raises:
        InputError: it can't be written; what was there before is still there.
    """
    text = {} if "b" in mode else TEXT
    with writing(path):
        if is_stream(path):
            with open_stream(path) as stream:
                if "b" in mode:
                    yield stream
                else:
                    wrapped = io.TextIOWrapper(stream, write_through=True, **TEXT)
                    yield wrapped
                    wrapped.detach()  # or it would close the stream
            return
        target, part = followed(path), part_of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        check_permission(target)
        remove_dead_parts(path)
        try:
            with part.open(mode, **text) as file:
                yield file
            take_place(part, target)
        finally:
            part.unlink(missing_ok=True)


def take_place(part: Path, path: Path) -> None:
    """Let a finished file take the place of `path`, with the permissions of the file that was there."""
    target = followed(path)
    with suppress(FileNotFoundError):
        part.chmod(S_IMODE(target.stat().st_mode))
    part.replace(target)


def followed(path: Path) -> Path:
    """What a path stands for, after all links."""
    return Path(os.path.realpath(path))


def part_of(path: Path) -> Path:
    """Where this process writes what is to become `path`: beside it."""
    return followed(path).parent / f".{path.name[:100]}.{machine()}.{os.getpid()}.part"


def machine() -> str:
    """The name of this machine, as it can stand in the name of a file."""
    return re.sub(r"[^\w-]+", "-", platform.node())[:40] or "machine"


def remove_dead_parts(path: Path) -> None:
    """Delete what processes of this machine left when they were killed while they wrote `path`."""
    if os.name != "posix":  # elsewhere asking whether a process lives may end it
        return
    beginning, folder = f".{path.name[:100]}.{machine()}.", part_of(path).parent
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 (thousands of names, of which none is made a path)
            match = re.fullmatch(r"(\d+)\.part", name.removeprefix(beginning))
            if match and name.startswith(beginning) and not is_alive(int(match[1])):
                (folder / name).unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # somebody else's
    return True


def check_permission(path: Path) -> None:
    """Raise PermissionError for a file that exists and may not be written: replacing it would only ask its folder."""
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(13, "Permission denied", str(path))


def check_writable(option: str, path: Path, suffixes: Sequence[str] = ()) -> None:
    """Refuse a file that can't be written, or promises another format, before anything is computed for it.

    Args:
        option: that names it.
        path: the file.
        suffixes: that it may have, if it has any.

    Raises:
        InputError: names the option, the file and the reason.
    """
    if is_stream(path):
        return
    if path == Path():
        raise InputError(f"{option} names no file: give one")
    if suffixes and path.suffix.lower() not in ("", *suffixes):
        raise InputError(f"{option} {path}: its name must end in {' or '.join(suffixes)}")
    try:
        target = followed(path)
        try_folder(target.parent)
        check_permission(target)
    except OSError as error:
        raise InputError(f"{option} {path} can't be written: {error.strerror}") from None
    if path.is_dir():
        raise InputError(f"{option} {path} is a folder: give a file")


def try_folder(folder: Path) -> None:
    """Make a folder if there is none, and raise an OSError if no file can be written in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def refuse_input(option: str, path: Path, inputs: Callable[[], Iterable[str]]) -> None:
    """Raise an InputError for a file to write that is one of those to read, and would be lost.

    Args:
        option: that names it.
        path: the file.
        inputs: gives the files to read; it is only asked where the file exists, as they may be very many.
    """
    if path.is_file() and any(os.path.isfile(one) and path.samefile(one) for one in inputs()):  # noqa: PTH113
        raise InputError(f"{option} {path} is one of the files to read: give another name")


def is_stream(path: Path) -> bool:
    """Whether what is written to `path` can't be taken back: standard output, a pipe, a terminal, another device."""
    if str(path) == "-" or str(path).startswith(("/dev/fd/", "/dev/std", "/proc/self/fd/")):
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (S_ISREG(mode) or S_ISDIR(mode))


@contextmanager
def open_stream(path: Path) -> Iterator[IO[bytes]]:
    """Open what is no file for writing. What stands in a file behind `/dev/fd/N` stays, and more is added."""
    if not is_standard_output(path):
        with path.open("ab") as file:
            yield file
        return
    output = standard_output()
    output.flush()
    yield output.buffer
    output.buffer.flush()


def copy_into(path: Path, source: Path) -> None:
    """Write the content of a finished file to `path`; see `replacing`."""
    with source.open("rb") as content, replacing(path, "wb") as file:
        shutil.copyfileobj(content, file)


def save_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG file."""
    content = io.BytesIO()  # Pillow would ask a pipe where it is in it
    picture.save(content, "png", compress_level=1)  # half the time of the usual level, a twentieth larger
    with replacing(path, "wb") as file:
        file.write(content.getbuffer())
