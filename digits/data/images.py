"""ImageDataModule: picture files as a source of images."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from digits.data.base import Digits, DigitsDataModule
from digits.data.picture_file import read_picture
from digits.data.pictures import find_pictures, label_of, load_all, load_one
from digits.errors import InputError


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
