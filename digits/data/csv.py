"""CSV files: Kaggle's Digit Recognizer, mnist-in-csv, and the like."""

import csv
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from digits.data.base import DigitsDataModule
from digits.data.dataset import Digits
from digits.data.unpacking import Unpacked, open_unpacked
from digits.errors import InputError

PIXELS = 28 * 28
LINES = 1000  # read at a time
MAX_LINE = 1 << 16  # bytes; 785 values take at most 3,140


class CSVDataModule(DigitsDataModule):
    """CSV files with one image a row: a label, where there is one, and 784 pixels from 0 to 255, row by row.

    With a header or without; plain, .csv.gz, or zipped as Kaggle gives them.

    Args:
        train: the file to train and validate on.
        test: the file to score.
        predict: the file to predict; labels in it are kept as targets.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(
        self, train: str | None = None, test: str | None = None, predict: str | None = None, **shared: Any
    ) -> None:
        super().__init__(**shared)
        self.paths = {"train": train, "test": test, "predict": predict}

    def load(self, split: str) -> Digits:
        path = self.paths[split]
        if path is None:
            raise InputError(f"--data.{split} FILE.csv is missing")
        images, labels = read_csv(Path(path))
        if labels is None and split != "predict":
            raise InputError(f"{path} has no labels, which --data.{split} needs")
        if split == "train":
            self.measure(images)
        return Digits(images, labels)


def read_csv(path: Path) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Read images and, where there are any, labels.

    Returns:
        Images, (N, 28, 28) uint8, and labels, (N,) int64, or None.

    Raises:
        InputError: names the file, and the line and column of what is wrong.
    """
    pixels, labels = bytearray(), bytearray()  # grow in place, without a second copy at the end
    columns = None
    for columns, rows in read_rows(path):
        if columns.label is not None:
            labels += rows[:, columns.label].tobytes()
            rows = np.delete(rows, columns.label, axis=1)
        pixels += rows.tobytes()
    if columns is None:
        raise InputError(f"{path} has no rows")
    images = torch.frombuffer(pixels, dtype=torch.uint8).view(-1, 28, 28)
    return images, None if columns.label is None else torch.frombuffer(labels, dtype=torch.uint8).long()


class Columns(NamedTuple):
    """What the columns of a file hold.

    Args:
        names: of the columns, or their numbers from 1 where there is no header.
        header: whether the first line names them.
        label: which of them is the label, from 0; None where there is none.
    """

    names: list[str]
    header: bool
    label: int | None


def read_rows(path: Path) -> Iterator[tuple[Columns, NDArray[np.uint8]]]:
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
        columns = columns_of(path, first)
        lines, start = ([], 2) if columns.header else ([first], 1)
        while lines := more_lines(file, lines, start):
            yield columns, parse(path, lines, start, columns)
            start += len(lines)
            lines = []


def columns_of(path: Path, first: bytes) -> Columns:
    """What the columns hold, by the first line of the file."""
    line = first.decode("utf-8-sig", "replace").strip()
    if not line:
        raise InputError(f"{path} is empty, or its first line is")
    check_length(path, first, 1)
    try:
        names = next(csv.reader([line]))
    except csv.Error as error:
        raise InputError(f"{path}, line 1: {error}") from None
    if len(names) not in (PIXELS, PIXELS + 1):
        raise InputError(
            f"{path}, line 1: {len(names)} columns, where there should be {PIXELS} pixels, "
            "with or without a label before them"
        )
    header = any(not is_number(name) for name in names)
    labelled = len(names) == PIXELS + 1
    if labelled and header and names[0].strip().lower() != "label":
        raise InputError(
            f'{path}, line 1: with {PIXELS + 1} columns the first should be "label", not "{names[0][:20]}"'
        )
    return Columns(names if header else [str(i + 1) for i in range(len(names))], header, 0 if labelled else None)


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
        labelled = columns.label is not None
        if rows.shape == (len(lines), len(columns.names)) and (not labelled or rows[:, columns.label].max() <= 9):
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
            most = 9 if i == columns.label else 255
            if not (re.fullmatch(r"\s*[0-9]{1,3}\s*", value) and int(value.strip()) <= most):
                name = columns.names[i][:20]
                return f'{path}, line {number}, column {name}: "{value[:20]}" is no whole number from 0 to {most}'
    return None


def is_number(text: str) -> bool:
    """Whether `text` is a number, whatever its kind."""
    try:
        float(text)
    except ValueError:
        return not text
    return True
