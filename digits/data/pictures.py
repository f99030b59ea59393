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
import torch
from PIL import Image
from torch.utils.data import DataLoader

from digits.data import page, photo
from digits.data.base import Digits, DigitsDataModule
from digits.data.page import NOWHERE, DigitBox
from digits.data.photo import NoDigit
from digits.data.picture_file import SUFFIXES, read_picture, reduce_size
from digits.errors import InputError

MANY = 1000  # files for which starting processes pays


class ImageDataModule(DigitsDataModule):
    """Picture files of one digit each, brought to MNIST's form (see digits/data/photo.py).

    The label is known where the folder of a file is called 0 to 9, or its name begins with the label and a separator:
    `7/a.png`, `7_a.png`.

    Args:
        path: a file, a folder (with all folders in it, in natural order), or a pattern such as "scans/*.png"; or a list
            of these.
        prepare: bring the pictures to MNIST's form; without, they are only made grey and resized to 28×28.
        multiple_digits: each picture may show several digits, which are read line by line, from left to right.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(
        self, path: str | list[str], prepare: bool = True, multiple_digits: bool = False, **shared: Any
    ) -> None:
        super().__init__(**shared)
        if multiple_digits and not prepare:
            raise InputError("--data.multiple_digits needs --data.prepare true: digits are cut out where ink is found")
        self.path = path
        self.prepare = prepare
        self.multiple_digits = multiple_digits
        self.files: list[Path] = []

    def load(self, split: str) -> Digits:
        paths = [self.path] if isinstance(self.path, str) else self.path
        self.files = [file for path in paths for file in find_pictures(path)]
        loaded = load_all(self.files, partial(load_one, prepare=self.prepare, multiple_digits=self.multiple_digits))
        self.files = [file for file, digits in zip(self.files, loaded, strict=True) for _ in digits]
        images, notes, places = zip(*(digit for digits in loaded for digit in digits), strict=True)
        folder = Path(paths[0]) if len(paths) == 1 else Path()
        ids = [str(file.relative_to(folder) if len(paths) == 1 and folder.is_dir() else file) for file in self.files]
        labels = torch.tensor([-1 if self.multiple_digits else label_of(file) for file in self.files])
        return Digits(torch.from_numpy(np.stack(images)), labels, ids, notes, places if self.multiple_digits else None)

    def original(self, index: int) -> Image.Image:
        return read_picture(self.files[index])


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
            return page.prepare_several(image)
        if not prepare:
            return [(np.asarray(image.convert("L").resize((28, 28))), "", NOWHERE)]
        return [(photo.prepare(image), "", NOWHERE)]
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
