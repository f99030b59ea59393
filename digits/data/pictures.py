"""Picture files: photos, scans, drawings, screenshots."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from digits.console import warn
from digits.data.dataset import Batch, Digits
from digits.data.picture_file import ARCHIVES, SUFFIXES, UNREAD, is_address, read_picture, reduce_size
from digits.data.stream import Chunk
from digits.errors import InputError
from digits.notes import UNREADABLE
from digits.pages.contents import find_contents
from digits.pages.grey import to_grey
from digits.pages.page import NOWHERE, Content
from digits.pages.photo import NoDigit
from digits.runs import LOG_ROOT

SEVERAL = "several digits"  # the note of a picture that was said to show one
NAMED = SUFFIXES | UNREAD | ARCHIVES  # so that none is left out in silence
MANY_DIGITS, MANY_PAGES = 64, 8  # files that are loaded together


def chunk_size(files: int, most: int) -> int:
    """How many files are loaded together: few where there are few, so that every process has some."""
    return min(most, max(1, files // 16))


def chunks_of(names: Sequence[Any], size: int) -> Iterator[Chunk]:
    """Files, some at a time."""
    for first in range(0, len(names), size):
        yield Chunk(first, names[first : first + size])


def load_pictures(chunk: Chunk, folder: str, prepare: bool, multiple_digits: bool) -> Batch:
    """Read and prepare some files, whose ids are their names relative to `folder`."""
    images, notes, places, ids, labels = [], [], [], [], []
    for name in chunk.items:
        for image, note, place in load_one(Path(name), prepare, multiple_digits):
            images.append(image)
            notes.append(note)
            places.append(place)
            ids.append(str(Path(name).relative_to(folder)) if folder else name)
            labels.append(-1 if multiple_digits else label_of(name))
    data = Digits(
        torch.from_numpy(np.array(images, np.uint8).reshape(-1, 28, 28)),
        torch.tensor(labels, dtype=torch.long),
        ids,
        notes,
        places if multiple_digits else None,
    )
    return Batch(data.images, data.labels, torch.arange(len(data)) + chunk.first, data)


def load_one(
    picture: Path | BytesIO | Image.Image, prepare: bool = True, multiple_digits: bool = False
) -> list[Content]:
    """Load the digits of one picture, of its file or its content, whatever is wrong with it."""
    try:
        image = reduce_size(picture) if isinstance(picture, Image.Image) else read_picture(picture)
        if multiple_digits:
            return find_contents(image)
        if not prepare:
            grey = Image.fromarray(np.rint(to_grey(image)).astype(np.uint8))
            return [(np.asarray(grey.resize((28, 28))), "", NOWHERE)]
        (form, note, _), *more = find_contents(image)
        return [(np.zeros_like(form), SEVERAL, NOWHERE) if more else (form, note, NOWHERE)]
    except REASONS as error:
        return [(np.zeros((28, 28), np.uint8), reason(error), NOWHERE)]


REASONS = (ValueError, OSError, MemoryError)  # `NoDigit` is a ValueError


def reason(error: BaseException) -> str:
    """Why a picture has nothing to predict, as its note says it."""
    if isinstance(error, NoDigit):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{UNREADABLE}: there is not enough memory for it"
    return f"{UNREADABLE}: {(error.strerror if isinstance(error, OSError) else None) or error}"


def picture_names(path: str) -> list[str]:
    """The names of the picture files that `path`, a file, folder or pattern, stands for, in natural order.

    Raises:
        InputError: there are none.
    """
    if not path:
        raise InputError("the name of a picture is empty")
    if Path(path).is_dir():
        found = files_in(path)
    elif Path(path).exists():
        return [str(Path(path))]  # whatever it is called
    else:
        found = iter(glob.glob(path, recursive=True))  # noqa: PTH207
    names = [name for name in found if is_picture(name)]
    if not names:
        exists = Path(path).is_dir() or glob.glob(path, recursive=True)  # noqa: PTH207
        if not exists and is_address(path):
            raise InputError(f"{path} is an address, and files are read: download it first")
        absent = "fits no file" if glob.has_magic(path) else "does not exist"
        what = f"has no pictures ({', '.join(sorted(SUFFIXES))})" if exists else absent
        raise InputError(f"{path} {what}")
    names.sort(key=natural)
    return names


def is_picture(name: str) -> bool:
    """Whether a file is called as pictures are, or what holds them, also what can't be read, and not hidden."""
    base = os.path.basename(name)  # noqa: PTH119 (of hundreds of thousands)
    return os.path.splitext(base)[1].lower() in NAMED and not base.startswith(".")  # noqa: PTH122


def files_in(folder: str) -> Iterator[str]:
    """All files in a folder and the folders in it, however deep.

    Folders of runs and hidden ones, such as a bin or .ipynb_checkpoints, are left out, and links to folders aren't
    followed. What may not be read is warned of.
    """
    folders = [str(Path(folder))]
    while folders:  # os.walk calls itself, and so fails a thousand folders deep
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    path = entry.name if here == "." else entry.path
                    if entry.is_dir(follow_symlinks=False):
                        folders += [path] * (entry.name != LOG_ROOT and not entry.name.startswith("."))
                    else:
                        yield path
        except FileNotFoundError:
            continue  # it has been deleted meanwhile
        except OSError as error:
            warn_of_folder(here, error.strerror)


@cache
def warn_of_folder(folder: str, reason: str) -> None:
    """Say that a folder can't be looked through: once, however often it is."""
    warn(f"{folder} is left out: {reason}")


def natural(name: str) -> str:
    """A key that sorts 2.png before 10.png: before each number, the number of its digits; a tenth of a tuple's size."""
    return re.sub(r"\d+", in_order_of_size, name)


def in_order_of_size(number: re.Match[str]) -> str:
    """A number as text that is sorted by its value, then by its leading zeros, and before any other text."""
    digits = str(int(number[0]))
    return f"\0{chr(len(digits))}{digits}\0{number[0]}\0"


def label_of(path: Path | str) -> int:
    """The label that the folder or the name of `path` tells, or -1."""
    *_, folder, name = "", *str(path).split(os.sep)  # noqa: PTH206 (of hundreds of thousands)
    if re.fullmatch(r"[0-9]", folder):
        return int(folder)
    match = re.match(r"([0-9])[-_. ]", os.path.splitext(name)[0])  # noqa: PTH122 (of hundreds of thousands)
    return int(match[1]) if match else -1
