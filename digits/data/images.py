"""ImageDataModule: picture files as a source of images."""

from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from digits.data.base import DigitsDataModule
from digits.data.dataset import Digits, together
from digits.data.picture_file import read_picture
from digits.data.pictures import MANY_DIGITS, MANY_PAGES, chunk_size, chunks_of, label_of, load_pictures, picture_names
from digits.data.stream import Stream, in_order, useful_workers
from digits.errors import InputError
from digits.predictions.journal import fingerprint_of_files
from digits.system.processes import first_says


class ImageDataModule(DigitsDataModule):
    """Picture files of one digit each, brought to MNIST's form (see digits/pages/photo.py).

    The label is known where the folder of a file is called 0 to 9, or its name begins with the label and a separator:
    `7/a.png`, `7_a.png`.

    Args:
        path: a file, a folder with all folders in it, or a pattern such as "scans/*.png"; or a list of these.
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

    @property
    def paths(self) -> list[str]:
        """What is asked for, as a list."""
        return [self.path] if isinstance(self.path, str) else self.path

    def files(self) -> list[str]:
        return [name for path in self.paths for name in picture_names(path)]

    def load(self, split: str) -> Digits:
        stream = self.stream_files()
        batches = in_order(stream.load, stream.chunks(), stream.workers)
        return together([batch.source for batch in batches if batch.source is not None])

    def stream(self) -> Stream | None:
        return self.stream_files() if type(self).load is ImageDataModule.load else None

    def stream_files(self) -> Stream:
        """The pictures, read and prepared chunk by chunk."""
        names = first_says(self.files)
        chunks = partial(chunks_of, names, chunk_size(len(names), MANY_PAGES if self.multiple_digits else MANY_DIGITS))
        folder = self.paths[0] if len(self.paths) == 1 and Path(self.paths[0]).is_dir() else ""
        return Stream(
            chunks,
            partial(load_pictures, folder=folder, prepare=self.prepare, multiple_digits=self.multiple_digits),
            length=sum(1 for _ in chunks()),
            workers=useful_workers(len(names)),
            has_labels=not self.multiple_digits and any(label_of(name) >= 0 for name in names),
            has_notes=True,
            has_places=self.multiple_digits,
            fingerprint=lambda: f"{fingerprint_of_files(names)} prepare={self.prepare}",
        )

    def original(self, index: int) -> Image.Image:
        folder = Path(self.paths[0]) if len(self.paths) == 1 else Path()
        return read_picture((folder if folder.is_dir() else Path()) / str(self.predict.ids[index]))
