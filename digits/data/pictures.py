"""Picture files: photos, scans, drawings, screenshots."""

import glob
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader

from digits.data.contents import find_contents
from digits.data.page import NOWHERE, DigitBox
from digits.data.photo import NoDigit
from digits.data.picture_file import SUFFIXES, read_picture, reduce_size
from digits.errors import InputError

SEVERAL = "several digits"  # the note of a picture that was said to show one
MANY = 1000  # files for which starting processes pays


# An image, uint8 (28, 28); why it has nothing to predict, or ""; where in its picture it stands.
Loaded = tuple[np.ndarray, str, DigitBox]


def load_all(files: list[Path], load: Callable[[Path], list[Loaded]]) -> list[list[Loaded]]:
    """Read and prepare all files, on all processors; the digits of each."""
    if len(files) < MANY:  # threads suffice: decoding and scaling release Python's lock
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(load, files))
    loader: DataLoader[Any] = DataLoader(
        files,  # type: ignore[arg-type]
        batch_size=64,
        num_workers=os.cpu_count() or 1,
        collate_fn=partial(load_batch, load=load),
    )
    return [loaded for batch in loader for loaded in batch]


def load_batch(files: list[Path], load: Callable[[Path], list[Loaded]]) -> list[list[Loaded]]:
    """Load some files, in a process of the loader."""
    return [load(file) for file in files]


def load_one(picture: Path | Image.Image, prepare: bool = True, multiple_digits: bool = False) -> list[Loaded]:
    """Load the digits of one picture, or of its file, whatever is wrong with it."""
    try:
        image = read_picture(picture) if isinstance(picture, Path) else reduce_size(picture)
        if multiple_digits:
            return find_contents(image)
        if not prepare:
            return [(np.asarray(image.convert("L").resize((28, 28))), "", NOWHERE)]
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
        return "unreadable: there is not enough memory for it"
    return f"unreadable: {(error.strerror if isinstance(error, OSError) else None) or error}"


def find_pictures(path: str) -> list[Path]:
    """The picture files that `path`, a file, folder or pattern, stands for, in natural order.

    Raises:
        InputError: there are none.
    """
    if Path(path).is_dir():
        found = list(files_in(Path(path)))
    else:
        found = [Path(path)] if Path(path).exists() else [Path(name) for name in glob.glob(path, recursive=True)]  # noqa: PTH207
        if found == [Path(path)]:
            return found  # whatever it is called
    pictures = [file for file in found if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")]
    if not pictures:
        kinds = ", ".join(sorted(SUFFIXES))
        what = "has no pictures" if found or Path(path).is_dir() else "does not exist"
        raise InputError(f"--data.path {path} {what} ({kinds})")
    return sorted(pictures, key=natural)


def files_in(folder: Path) -> Iterator[Path]:
    """All files in a folder and the folders in it, however deep; links to folders are not followed."""
    folders = [folder]
    while folders:  # os.walk calls itself, and so fails a thousand folders deep
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        yield Path(entry.path)
        except OSError:
            continue  # what may not be read, or has been deleted meanwhile


def natural(path: Path) -> list[tuple[int, str]]:
    """A key that sorts 2.png before 10.png."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", str(path))]


def label_of(path: Path) -> int:
    """The label that the folder or the name of `path` tells, or -1."""
    if re.fullmatch(r"[0-9]", path.parent.name):
        return int(path.parent.name)
    match = re.match(r"([0-9])[-_. ]", path.stem)
    return int(match[1]) if match else -1
