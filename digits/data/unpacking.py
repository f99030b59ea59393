"""Files that may be compressed, read within bounds: a file of a megabyte may unpack to gigabytes."""

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from digits.errors import InputError

MOST_TIMES = 100  # a file may unpack to so many times its size; images in IDX or CSV files unpack to 5 to 15 times
ALWAYS = 100_000_000  # bytes that any file may unpack to
DAMAGE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError)


class Readable(Protocol):
    """What is read from an open file."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


class Unpacked:
    """An open file, whatever it was packed in.

    Args:
        path: for messages.
        file: the unpacked bytes.
        most: how many there may be; None for any number.
    """

    def __init__(self, path: Path, file: Readable, most: int | None) -> None:
        self.path = path
        self.file = file
        self.most = most
        self.bytes_read = 0

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes.

        Raises:
            InputError: more has been unpacked than a file of this size may hold.
        """
        return self.counted(self.file.read(size))

    def readline(self, size: int) -> bytes:
        """Read to the end of the line, or up to `size` bytes; see `read`."""
        return self.counted(self.file.readline(size))

    def counted(self, data: bytes) -> bytes:
        """`data`, after it was counted."""
        self.bytes_read += len(data)
        if self.most is not None and self.bytes_read > self.most:
            raise InputError(
                f"{self.path} unpacks to more than {self.most / 1e6:,.0f} MB, which no file of images of this size "
                "does: unpack it yourself if that is meant"
            )
        return data


@contextmanager
def open_unpacked(path: Path, member: str = "") -> Iterator[Unpacked]:
    """Open a file; `.gz` and `.zip` are unpacked as they are read.

    Args:
        path: the file.
        member: the name of the file in an archive; by default the one CSV file in it.

    Raises:
        InputError: there is no such file, or it is damaged; also when that shows while it is read.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if path.is_dir():
        raise InputError(f"{path} is a folder: give a file")
    most = max(MOST_TIMES * path.stat().st_size, ALWAYS)
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                yield Unpacked(path, file, most)
        elif path.suffix.lower() == ".zip":
            gzipped = member.lower().endswith(".gz")
            with (
                zipfile.ZipFile(path) as archive,
                archive.open(member or only_csv(path, archive)) as inner,
                gzip.open(inner) if gzipped else nullcontext(inner) as file,
            ):
                yield Unpacked(path / member, file, most)
        else:
            with path.open("rb") as file:
                yield Unpacked(path, file, None)
    except (*DAMAGE, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged ({error}): replace or delete it") from None


def only_csv(path: Path, archive: zipfile.ZipFile) -> str:
    """The name of the one CSV file in an archive."""
    names = [name for name in archive.namelist() if name.lower().endswith(".csv") and not name.startswith("__MACOSX")]
    if len(names) != 1:
        shown = ", ".join(name[:40] for name in names[:5]) + ", …" * (len(names) > 5)
        raise InputError(f"{path} holds {len(names)} CSV files ({shown}): unzip it, and name one")
    return names[0]
