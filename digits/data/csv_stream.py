"""The rows of a CSV file that are read while they are predicted."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from digits.data.csv_columns import Columns, find_label
from digits.data.csv_lines import MAX_LINE, more_lines, parse, read_lines
from digits.data.dataset import Batch, Digits
from digits.data.stream import Chunk
from digits.data.unpacking import open_unpacked
from digits.errors import InputError

MARGINS = b'\xef\xbb\xbf "\r\n'  # around a value: the mark that a file may begin with, spaces, quotes
SAMPLE = 1000  # rows, spread over the file, at most


class Survey(NamedTuple):
    """What reading a file once, and parsing hardly any of it, tells.

    Args:
        columns: what they hold.
        rows: how many there are.
        sample: some images, spread over the file, (N, 28, 28) uint8.
    """

    columns: Columns
    rows: int
    sample: Tensor


def survey(path: Path, label: int | str | None, classes: int = 10) -> Survey:
    """Look through a file; see `Survey`.

    Args:
        path: the file.
        label: the name or number of the column that holds the label, if the user says so.
        classes: how many classes there are.

    Raises:
        InputError: it has no rows, they are not of one length, or it can't be told which column is the label.
    """
    columns = None
    ends, kept, rows, step = bytearray(), [], 0, 1  # the first and the last value of each row, in turn
    for columns, _, lines in read_lines(path, label, classes):
        if not columns.certain:
            ends += bytes(value for line in lines for value in ends_of(line))
        kept += [(n, line) for n, line in enumerate(lines, rows) if n % step == 0]
        rows += len(lines)
        while len(kept) > SAMPLE:
            step *= 2
            kept = [(n, line) for n, line in kept if n % step == 0]
    if columns is None:
        raise InputError(f"{path} has no rows")
    start = 1 + columns.header
    if not columns.certain:
        values = np.frombuffer(ends, np.uint8).reshape(-1, 2)
        place = find_label(path, values[:, 0], values[:, 1], start, columns.most)
        columns = columns._replace(label=place, certain=True)
    try:
        sample = to_images(parse(path, [line for _, line in kept], start, columns), columns)[0]
    except InputError:  # which names a line where it is read in its turn
        sample = torch.empty(0, 28, 28, dtype=torch.uint8)
    return Survey(columns, rows, sample)


def ends_of(line: bytes) -> tuple[int, int]:
    """The first and the last value of a line, at most 255; 255 for what is no number."""
    values = line.partition(b",")[0], line.rpartition(b",")[2]
    first, last = (to_byte(value.strip(MARGINS)) for value in values)
    return first, last


def to_byte(text: bytes) -> int:
    """A number, at most 255; 255 for what is none."""
    try:
        return int(min(max(float(text), 0), 255))
    except ValueError:
        return 255


def chunks_of(path: Path, header: bool, size: int) -> Iterator[Chunk]:
    """The lines of a file but its header, `size` at a time, with the number of the first."""
    with open_unpacked(path) as file:
        if header:
            file.readline(MAX_LINE)
        row = 0
        while lines := more_lines(file, [], 1 + header + row, size):
            yield Chunk(row, (1 + header + row, lines))
            row += len(lines)


def load_rows(chunk: Chunk, path: Path, columns: Columns, transposed: bool) -> Batch:
    """The images of some lines."""
    images, labels = torch.empty(0, 28, 28, dtype=torch.uint8), None
    if chunk.items:
        start, lines = chunk.items
        images, labels = to_images(parse(path, lines, start, columns), columns)
    if transposed:
        images = images.transpose(1, 2).contiguous()
    numbers = range(chunk.first, chunk.first + len(images))
    data = Digits(images, labels, [str(number) for number in numbers])
    return Batch(data.images, data.labels, torch.tensor(numbers, dtype=torch.long), data)


def to_images(rows: np.ndarray, columns: Columns) -> tuple[Tensor, Tensor | None]:
    """Values, (N, 784 or 785), as images, (N, 28, 28) uint8, and labels, (N,) int64, where there are any."""
    if columns.label is None:
        return torch.from_numpy(rows).view(-1, 28, 28), None
    labels = torch.from_numpy(rows[:, columns.label].astype(np.int64))
    return torch.from_numpy(np.delete(rows, columns.label, axis=1)).view(-1, 28, 28), labels
