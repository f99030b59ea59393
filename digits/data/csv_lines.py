"""The lines of a CSV file, as values from 0 to 255; what is wrong is named by its line and column."""

import csv
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.console import amount
from digits.data.csv_columns import Columns, columns_of
from digits.data.unpacking import Unpacked, open_unpacked
from digits.errors import InputError

LINES = 1000  # read at a time
NUMBER = r"\s*[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?\s*"  # a point only before zeros, as pandas and NumPy write whole numbers
MAX_LINE = 1 << 16  # bytes; 785 values take at most 3,140


def read_lines(path: Path, label: int | str | None, classes: int) -> Iterator[tuple[Columns, int, list[bytes]]]:
    """Read a file some lines at a time, in bounded memory.

    Args:
        path: the file.
        label: the name or number of the column that holds the label, if the user says so.
        classes: how many classes there are.

    Yields:
        What the columns hold, by the first line, which is left out where it names them; the number of the first of some
        lines; and these.

    Raises:
        InputError: names the file, and the line of what is wrong.
    """
    with open_unpacked(path) as file:
        first = file.readline(MAX_LINE)
        if b"\r" in first.rstrip(b"\r\n"):
            raise InputError(f"{path}: its lines end with CR alone: save it with LF, or CR and LF, at their ends")
        check_length(path, first, 1)
        columns = columns_of(path, first, label, classes)
        lines, start = ([], 2) if columns.header else ([first], 1)
        while lines := more_lines(file, lines, start, LINES):
            yield columns, start, lines
            start += len(lines)
            lines = []


def more_lines(file: Unpacked, lines: list[bytes], start: int, most: int) -> list[bytes]:
    """Add lines of the file to `lines`, the first of which is line `start`, until there are `most`.

    Raises:
        InputError: a line is blank, but not at the end of the file, or too long.
    """
    while len(lines) < most and (line := file.readline(MAX_LINE)):
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
        rows = to_values(text)
        known = columns.label is not None and columns.certain
        if rows.shape == (len(lines), len(columns.names)) and (
            not known or rows[:, columns.label].max() <= columns.most
        ):
            return rows
        reason = "the rows are not of one form"
    except (ValueError, Warning) as error:
        reason = str(error)[:200]
    raise InputError(find_fault(path, text, start, columns) or f"{path}, lines from {start}: {reason}")


def to_values(lines: list[str]) -> NDArray[np.uint8]:
    """The values of some lines, (n, columns).

    By `numpy.loadtxt`, which takes as much time of a processor as polars, a fourth of its memory, and no dependency.

    Raises:
        ValueError: one is no whole number from 0 to 255, or the lines have unlike numbers of values.
    """
    read: Callable[[type], NDArray[Any]] = partial(
        np.loadtxt, lines, delimiter=",", comments=None, quotechar='"', ndmin=2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a number with a point is read as a whole one, and warned of
        with suppress(ValueError, Warning):
            return read(np.uint8)
        rows = read(np.float64)
    if not ((rows >= 0) & (rows <= 255) & (rows == rows.round())).all():
        raise ValueError("a value is no whole number from 0 to 255")
    return rows.astype(np.uint8)


def find_fault(path: Path, lines: list[str], start: int, columns: Columns) -> str | None:
    """Look for the first value that is wrong, row by row: slow, but only done when there is one."""
    for number, line in enumerate(lines, start):
        try:
            row = next(csv.reader([line]))
        except csv.Error as error:
            return f"{path}, line {number}: {error}"
        if len(row) != len(columns.names):
            return f"{path}, line {number}: {amount(len(row), 'column')}, where line 1 has {len(columns.names)}"
        for i, value in enumerate(row):
            most = columns.most if i == columns.label and columns.certain else 255
            exact = float(value) if re.fullmatch(NUMBER, value, re.ASCII) else -1.0
            if not (0 <= exact <= most and exact.is_integer()):
                where = f"{path}, line {number}, column {columns.names[i][:20]}"
                return f'{where}: "{value[:20]}" is no whole number from 0 to {most}{remedy(exact, most)}'
    return None


def remedy(value: float, most: int) -> str:
    """What to do about a number that is not from 0 to `most`, or no whole one; "" where that is not known."""
    if most == 255:
        return ": multiply pixels from 0 to 1 by 255" if 0 < value < 1 else ""
    return ": --data.classes says how many classes there are" if most < value < 255 else ""
