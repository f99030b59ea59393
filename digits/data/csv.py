"""CSV files: Kaggle's Digit Recognizer, mnist-in-csv, and the like."""

import csv
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from digits.data.base import DigitsDataModule
from digits.data.csv_columns import PIXELS, Columns, columns_of, find_label
from digits.data.dataset import Digits
from digits.data.orientation import lie_on_their_side
from digits.data.unpacking import Unpacked, open_unpacked
from digits.errors import InputError

LINES = 1000  # read at a time
MAX_LINE = 1 << 16  # bytes; 785 values take at most 3,140


class CSVDataModule(DigitsDataModule):
    """CSV files with one image a row: 784 pixels from 0 to 255, row by row, and its label, where there is one.

    With a header or without; plain, .csv.gz, or zipped as Kaggle gives them.

    Args:
        train: the file to train and validate on.
        test: the file to score.
        predict: the file to predict; labels in it are kept as targets.
        label: the column that holds the label: its name in the header, or its number from 1. By default the one that
            is called label, class, target, y or digit, or, without header, the first or the last, by its values.
        transposed: whether the images lie on their side, as those of EMNIST's CSV files do, and are to be set upright.
            By default files that look so are refused.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(
        self,
        train: str | None = None,
        test: str | None = None,
        predict: str | None = None,
        label: int | str | None = None,
        transposed: bool | None = None,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.paths = {"train": train, "test": test, "predict": predict}
        self.label = label
        self.transposed = transposed

    def load(self, split: str) -> Digits:
        path = self.paths[split]
        if path is None:
            raise InputError(f"--data.{split} FILE.csv is missing")
        images, labels = read_csv(Path(path), self.label)
        if labels is None and split != "predict":
            raise InputError(f"{path} has no labels, which --data.{split} needs")
        if self.transposed is None and lie_on_their_side(images):
            raise InputError(
                f"the images in {path} lie on their side, as those of EMNIST's CSV files: give --data.transposed true, "
                "or false to take them as they are"
            )
        if self.transposed:
            images = images.transpose(1, 2).contiguous()
        if split == "train":
            self.measure(images)
        return Digits(images, labels)


def read_csv(path: Path, label: int | str | None = None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Read images and, where there are any, labels.

    Args:
        path: the file.
        label: the name or number of the column that holds the label; see CSVDataModule.

    Returns:
        Images, (N, 28, 28) uint8, and labels, (N,) int64, or None.

    Raises:
        InputError: names the file, and the line and column of what is wrong.
    """
    pixels, labels = bytearray(), bytearray()  # grow in place, without a second copy at the end
    columns = None
    for columns, rows in read_rows(path, label):
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
    if not columns.certain and find_label(path, values, images[:, -1], 1 + columns.header) == PIXELS:
        last = images[:, -1].copy()
        for rows in np.array_split(images, max(1, len(images) // LINES)):  # in place
            rows[:, 1:] = rows[:, :-1].copy()
        images[:, 0], values = values, last
    return torch.from_numpy(images).view(-1, 28, 28), torch.from_numpy(values).long()


def read_rows(path: Path, label: int | str | None = None) -> Iterator[tuple[Columns, NDArray[np.uint8]]]:
    """Read a file some rows at a time, in bounded memory.

    `numpy.loadtxt` was chosen for that by `python -m benchmarks.csv_reading`: it takes as much time of a processor as
    polars, a fourth of its memory, and no dependency.

    Yields:
        What the columns hold, and the values, (n, 784 or 785).

    Raises:
        InputError: names the file, and the line and column of what is wrong.
    """
    with open_unpacked(path) as file:
        first = file.readline(MAX_LINE)
        check_length(path, first, 1)
        columns = columns_of(path, first, label)
        lines, start = ([], 2) if columns.header else ([first], 1)
        while lines := more_lines(file, lines, start):
            yield columns, parse(path, lines, start, columns)
            start += len(lines)
            lines = []


def more_lines(file: Unpacked, lines: list[bytes], start: int) -> list[bytes]:
    """Add lines of the file to `lines`, the first of which is line `start`, until there are `LINES`.

    Raises:
        InputError: a line is blank, but not at the end of the file, or too long.
    """
    while len(lines) < LINES and (line := file.readline(MAX_LINE)):
        if not line.strip():
            blank = start + len(lines)
            while line := file.readline(MAX_LINE):
                if line.strip():
                    raise InputError(f"{file.path}, line {blank}: the line is blank")
            break
        check_length(file.path, line, start + len(lines))
        lines.append(line)
    return lines


def check_length(path: Path, line: bytes, number: int) -> None:
    """Raise InputError if a line was cut off because it is too long."""
    if len(line) == MAX_LINE and not line.endswith(b"\n"):
        raise InputError(f"{path}, line {number}: the line is longer than {MAX_LINE:,} bytes")


def parse(path: Path, lines: list[bytes], start: int, columns: Columns) -> NDArray[np.uint8]:
    """The values of some lines, (n, 784 or 785); `start` is the number of the first."""
    text = [line.decode("latin-1") for line in lines]
    if start == 1:
        text[0] = lines[0].decode("utf-8-sig", "replace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a number with a point is read as a whole one, and warned of
            rows = np.loadtxt(text, np.uint8, delimiter=",", comments=None, quotechar='"', ndmin=2)
        known = columns.label is not None and columns.certain
        if rows.shape == (len(lines), len(columns.names)) and (not known or rows[:, columns.label].max() <= 9):
            return rows
        reason = "the rows are not of one form"
    except (ValueError, Warning) as error:
        reason = str(error)[:200]
    raise InputError(find_fault(path, text, start, columns) or f"{path}, lines from {start}: {reason}")


def find_fault(path: Path, lines: list[str], start: int, columns: Columns) -> str | None:
    """Look for the first value that is wrong, row by row: slow, but only done when there is one."""
    for number, line in enumerate(lines, start):
        try:
            row = next(csv.reader([line]))
        except csv.Error as error:
            return f"{path}, line {number}: {error}"
        if len(row) != len(columns.names):
            return f"{path}, line {number}: {len(row)} columns, where line 1 has {len(columns.names)}"
        for i, value in enumerate(row):
            most = 9 if i == columns.label and columns.certain else 255
            if not (re.fullmatch(r"\s*[0-9]{1,3}\s*", value) and int(value.strip()) <= most):
                name = columns.names[i][:20]
                return f'{path}, line {number}, column {name}: "{value[:20]}" is no whole number from 0 to {most}'
    return None
