"""CSV files: Kaggle's Digit Recognizer, mnist-in-csv, and the like."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digits.console import warn
from digits.data.base import DigitsDataModule
from digits.data.csv_columns import PIXELS, find_label
from digits.data.csv_lines import LINES, parse, read_lines
from digits.data.csv_stream import Survey, chunks_of, load_rows, survey
from digits.data.dataset import Digits
from digits.data.orientation import lie_on_their_side
from digits.data.stream import Stream, useful_workers
from digits.errors import InputError, check_number
from digits.predictions.journal import fingerprint_of_files
from digits.system.processes import first_says

MOST_CLASSES = 256  # a label is a byte, as a pixel is


class CSVDataModule(DigitsDataModule):
    """CSV files with one image a row: 784 pixels from 0 to 255, row by row, and its label, where there is one.

    With a header or without; plain, .csv.gz, or zipped as Kaggle gives them.

    Args:
        train: the file to train and validate on.
        test: the file to score.
        predict: the file to predict; labels in it are kept as targets.
        label: the column of labels: its name, or its number from 1; by default the one called label, class, target, y
            or digit, or, without header, the first or the last, by its values.
        classes: number of classes, 10 by default; labels begin with 0.
        transposed: whether the images lie on their side, as in EMNIST's CSV files, and are to be set upright; by
            default files that look so are refused.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(
        self,
        train: str | None = None,
        test: str | None = None,
        predict: str | None = None,
        label: int | str | None = None,
        classes: int | None = None,
        transposed: bool | None = None,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.paths = {"train": train, "test": test, "predict": predict}
        self.label = label
        if classes is not None:
            check_number("--data.classes", classes, least=2, most=MOST_CLASSES, whole=True)
            self.classes = tuple(map(str, range(classes)))
        self.transposed = transposed

    def files(self) -> list[str]:
        return [path for path in self.paths.values() if path is not None]

    def load(self, split: str) -> Digits:
        path = self.paths[split]
        if not path:
            raise InputError(f"--data.{split} FILE.csv is missing")
        images, labels = read_csv(Path(path), self.label, len(self.classes))
        if labels is None and split != "predict":
            raise InputError(f"{path} has no labels, which --data.{split} needs")
        check_range(path, images)
        self.check_direction(path, images)
        if split != "train":
            check_paper(path, images)
        if self.transposed:
            images = images.transpose(1, 2).contiguous()
        if split == "train":
            self.measure(images)
        return Digits(images, labels)

    def stream(self) -> Stream | None:
        path = Path(self.paths["predict"] or "")
        if type(self).load is not CSVDataModule.load or not path.is_file():
            return None  # a pipe can be read only once
        known: Survey = first_says(partial(survey, path, self.label, len(self.classes)))
        check_range(str(path), known.sample)
        self.check_direction(str(path), known.sample)
        check_paper(str(path), known.sample)
        size = self.eval_batch_size
        return Stream(
            partial(chunks_of, path, known.columns.header, size),
            partial(load_rows, path=path, columns=known.columns, transposed=bool(self.transposed)),
            length=-(-known.rows // size),
            workers=int(useful_workers(known.rows // size) > 2),  # with two threads, both are for the network
            has_labels=known.columns.label is not None,
            has_notes=False,
            has_places=False,
            fingerprint=lambda: f"{fingerprint_of_files([str(path)])} {known.columns.label} {self.transposed}",
        )

    def check_direction(self, path: str, images: torch.Tensor) -> None:
        """Raise an InputError for images, (N, 28, 28), that lie on their side, if nothing was said of it."""
        if self.transposed is None and lie_on_their_side(images):
            raise InputError(
                f"the images in {path} lie on their side, as those of EMNIST's CSV files: give --data.transposed true, "
                "or false to take them as they are"
            )


def check_range(path: str, images: torch.Tensor) -> None:
    """Raise an InputError for images, (N, 28, 28) uint8, of zeros and ones, which would be black all over."""
    if len(images) and images.max() == 1:
        raise InputError(f"the pixels in {path} are 0 and 1, but are to be from 0 to 255: multiply them by 255")


def check_paper(path: str, images: torch.Tensor) -> None:
    """Warn of images, (N, 28, 28) uint8, of dark ink on light paper, which hardly any network was trained on."""
    if len(images) and images.flatten()[:: PIXELS // 7].median() > 127:
        warn(f"the images in {path} are mostly light: MNIST, and networks that know it, have light ink, 255, on 0")


def read_csv(path: Path, label: int | str | None = None, classes: int = 10) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Read images and, where there are any, labels.

    Args:
        path: the file.
        label: the name or number of the column that holds the label; see CSVDataModule.
        classes: how many classes there are.

    Returns:
        Images, (N, 28, 28) uint8, and labels, (N,) int64, or None.

    Raises:
        InputError: names the file, and the line and column of what is wrong.
    """
    pixels, labels = bytearray(), bytearray()  # grow in place, without a second copy at the end
    columns = None
    for columns, start, lines in read_lines(path, label, classes):
        rows = parse(path, lines, start, columns)
        if columns.label is not None:
            labels += rows[:, columns.label].tobytes()
            rows = np.delete(rows, columns.label, axis=1)
        pixels += rows.tobytes()
    if columns is None:
        raise InputError(f"{path} has no rows")
    images = np.frombuffer(pixels, np.uint8).reshape(-1, PIXELS)
    if columns.label is None:
        return torch.from_numpy(images).view(-1, 28, 28), None
    values = np.frombuffer(labels, np.uint8)
    if not columns.certain and find_label(path, values, images[:, -1], 1 + columns.header, columns.most) == PIXELS:
        last = images[:, -1].copy()
        for rows in np.array_split(images, max(1, len(images) // LINES)):  # in place
            rows[:, 1:] = rows[:, :-1].copy()
        images[:, 0], values = values, last
    return torch.from_numpy(images).view(-1, 28, 28), torch.from_numpy(values).long()
