"""CSV files: Kaggle's Digit Recognizer, mnist-in-csv, and the like."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars
import torch

from digits.data.base import Digits, DigitsDataModule
from digits.errors import InputError

PIXELS = 28 * 28


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
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        content = unpack(path)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    first = content[: 1 << 16].split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip()
    if not first:
        raise InputError(f"{path} is empty, or its first line is")
    try:
        names = next(csv.reader([first]))
    except csv.Error as error:
        raise InputError(f"{path}, line 1: {error}") from None
    header = any(not is_number(name) for name in names)
    if len(names) not in (PIXELS, PIXELS + 1):
        raise InputError(
            f"{path}, line 1: {len(names)} columns, where there should be {PIXELS} pixels, "
            "with or without a label before them"
        )
    labelled = len(names) == PIXELS + 1
    if labelled and header and names[0].strip().lower() != "label":
        raise InputError(f'{path}, line 1: with {PIXELS + 1} columns the first should be "label", not "{names[0]}"')
    columns = [f"column_{i}" for i in range(len(names))]
    try:
        frame = polars.read_csv(
            content, has_header=False, skip_rows=int(header), schema=dict.fromkeys(columns, polars.UInt8)
        )
    except polars.exceptions.NoDataError:
        frame = polars.DataFrame()
    except polars.exceptions.PolarsError as error:
        raise InputError(find_fault(path, content, names, header) or f"{path}: {error}") from None
    if frame.is_empty():
        raise InputError(f"{path} has no rows")
    if frame.null_count().sum_horizontal().item() or (labelled and frame[columns[0]].max() > 9):  # type: ignore[operator]
        raise InputError(find_fault(path, content, names, header) or f"{path}: values are missing")
    values = np.ascontiguousarray(frame.to_numpy(writable=True))
    labels = torch.from_numpy(values[:, 0].astype(np.int64)) if labelled else None
    images = torch.from_numpy(np.ascontiguousarray(values[:, int(labelled) :]))
    return images.view(-1, 28, 28), labels


def unpack(path: Path) -> bytes:
    """The content of a CSV file, gzipped or alone in a zip archive or neither."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".csv") and not name.startswith("__MACOSX")]
            if len(members) != 1:
                raise InputError(
                    f"{path} holds {len(members)} CSV files ({', '.join(members)}): unzip it, and name one"
                )
            return archive.read(members[0])
    return path.read_bytes()


def find_fault(path: Path, content: bytes, names: list[str], header: bool) -> str | None:
    """Look for the first value that is wrong, row by row: slow, but only done when there is one."""
    labelled = len(names) == PIXELS + 1
    text = io.StringIO(content.decode("utf-8-sig", "replace"), newline="")
    rows = csv.reader(text)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            return f"{path}, line {number}: {error}"
        if row is None:
            return None
        if (number == 1 and header) or not row:
            continue
        if len(row) != len(names):
            return f"{path}, line {number}: {len(row)} columns, where line 1 has {len(names)}"
        for i, value in enumerate(row):
            most = 9 if labelled and i == 0 else 255
            if not (re.fullmatch(r"\s*[0-9]{1,3}\s*", value) and int(value.strip()) <= most):
                name = names[i] if header else str(i + 1)
                return f'{path}, line {number}, column {name}: "{value[:20]}" is no whole number from 0 to {most}'


def is_number(text: str) -> bool:
    """Whether `text` is a number, whatever its kind."""
    try:
        float(text)
    except ValueError:
        return not text
    return True
