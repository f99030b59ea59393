"""What the columns of a CSV file hold: which one is the label, by the header or by the values."""

import codecs
import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from digits.console import amount
from digits.errors import InputError

PIXELS = 28 * 28
LABEL_NAMES = {"label", "labels", "class", "target", "y", "digit"}  # in any case
INDEX_NAMES = {"", "id", "imageid", "image_id", "index", "idx", "row", "unnamed: 0"}  # the same
PIXEL_NAME = r"(?:[a-z]*[\W_]*)?\d+(?:\D\d+)?"  # pixel0, px_1, 1x1, 0, feature 7
OTHER_FORMATS = {  # by how they begin
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x1f\x8b": "packed by gzip",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"\x93NUMPY": "a NumPy file",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
}
SEPARATORS = {";": "semicolons", "\t": "tabs", " ": "spaces", "|": "bars"}


class Columns(NamedTuple):
    """What the columns of a file hold.

    Args:
        names: of the columns, or their numbers from 1 where there is no header.
        header: whether the first line names them.
        label: which of them is the label, from 0; None where there is none.
        certain: whether that is known; if not, the values have to tell it.
        most: the highest label.
    """

    names: list[str]
    header: bool
    label: int | None
    certain: bool = True
    most: int = 9


def columns_of(path: Path, first: bytes, label: int | str | None, classes: int) -> Columns:
    """What the columns hold, by the first line of the file.

    Args:
        path: of the file, for messages.
        first: its first line.
        label: the name or the number, from 1, of the column that holds the label, if the user says so.
        classes: how many classes there are.

    Raises:
        InputError: it is no line of such a file, or does not tell which column is the label.
    """
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in first[:2]:
        raise InputError(f"{path} is in UTF-16: save it as UTF-8")
    for magic, kind in OTHER_FORMATS.items():
        if first.startswith(magic):
            raise InputError(f"{path} is {kind}: save it as a CSV file, which may be packed as .csv.gz or .zip")
    line = first.decode("utf-8-sig", "replace").strip()
    if not line:
        raise InputError(f"{path} is empty, or its first line is")
    try:
        names = next(csv.reader([line]))
    except csv.Error as error:
        raise InputError(f"{path}, line 1: {error}") from None
    if len(names) not in (PIXELS, PIXELS + 1):
        refuse_width(path, line, names)
    header = any(not is_number(name) for name in names) or is_count(names) or (not names[0] and is_count(names[1:]))
    if not header or is_count(names):
        shown = names if header else [str(i + 1) for i in range(len(names))]
        if len(names) == PIXELS:
            return Columns(shown, header, None)
        place = 0 if label is None else find_column(path, shown, label)
        return Columns(shown, header, place, label is not None, classes - 1)
    return Columns(names, header, label_of(path, names, label), most=classes - 1)


def label_of(path: Path, names: Sequence[str], label: int | str | None) -> int | None:
    """The column that a header, or the user, names as the label; None where there is none."""
    plain = [name.strip().lower() for name in names]
    known = [i for i, name in enumerate(plain) if name in LABEL_NAMES]
    if len(names) == PIXELS:
        if known:
            raise InputError(
                f"{path}, line 1: {PIXELS} columns, of which {quoted(names[known[0]])} is no pixel: "
                f"there should be {PIXELS} pixels beside it"
            )
        check_order(path, names)
        return None
    check_order(path, names)
    if label is not None:
        return find_column(path, names, label)
    if len(known) == 1:
        return known[0]
    odd = known or [i for i, name in enumerate(plain) if not re.fullmatch(PIXEL_NAME, name)]
    if len(odd) == 1 and plain[odd[0]] in INDEX_NAMES:
        seems = "seems to number the rows" if plain[odd[0]] or odd != [PIXELS] else "is what follows the last comma"
        raise InputError(
            f"{path}, line 1: column {odd[0] + 1}, {quoted(names[odd[0]])}, {seems}: leave it out, or "
            f"say by --data.label {shell_quoted(names[odd[0]], odd[0])} that it is the label"
        )
    if 1 <= len(odd) <= 3:
        named = " or ".join(f"column {i + 1}, {quoted(names[i])}," for i in odd)
        raise InputError(
            f"{path}, line 1: {named} may be the label: say so by --data.label {shell_quoted(names[odd[0]], odd[0])}"
        )
    raise InputError(
        f"{path}, line 1: none of {PIXELS + 1} columns is called label: give its name, or number, by --data.label"
    )


def check_order(path: Path, names: Sequence[str]) -> None:
    """Raise an InputError where the names of the pixels count them, but not from the first to the last."""
    pixels = [name for name in names if re.fullmatch(PIXEL_NAME, name.strip().lower())]
    places = [tuple(map(int, re.findall(r"\d+", name))) for name in pixels]
    orders = (places, [place[::-1] for place in places])  # row by row, or column by column
    if len({*places}) == len(places) >= PIXELS and all(order != sorted(order) for order in orders):
        i = next(i for i in range(len(places) - 1) if places[i] > places[i + 1])
        raise InputError(
            f"{path}, line 1: the pixels are not in order, as {quoted(pixels[i])} stands before "
            f"{quoted(pixels[i + 1])}: sort the columns"
        )


def find_column(path: Path, names: Sequence[str], label: int | str) -> int:
    """The index of the column with this name, or this number from 1.

    Raises:
        InputError: there is none.
    """
    wanted, plain = str(label).strip(), [name.strip() for name in names]
    for i, name in enumerate(plain):
        if name == wanted or (name.lower() == wanted.lower() and plain.count(wanted) == 0):
            return i
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:9]) <= len(names):
        return int(wanted) - 1
    raise InputError(f"{path} has no column {quoted(wanted)}, which --data.label names, among its {len(names)}")


def find_label(path: Path, first: NDArray[np.uint8], last: NDArray[np.uint8], start: int, most: int) -> int:
    """Which of the columns at both ends is the label of a file without header, by all their values.

    A label is at most `most`; the pixel in a corner hardly ever has ink.

    Args:
        path: of the file, for messages.
        first: the values of the first column, (N,).
        last: those of the last, (N,).
        start: the line that the values begin with.
        most: the highest label.

    Returns:
        0 or 784.

    Raises:
        InputError: it may be both or neither.
    """
    fits = [bool(column.max() <= most) for column in (first, last)]
    used = [float((column > 0).mean()) for column in (first, last)]
    if fits == [True, True]:
        if used[1] == 0 or used[0] > max(0.5, 5 * used[1]):
            return 0
        if used[0] == 0 or used[1] > max(0.5, 5 * used[0]):
            return PIXELS
    elif any(fits) and used[fits.index(True)] > 0:
        return 0 if fits[0] else PIXELS
    if not any(fits):
        line = int((first > most).argmax())
        raise InputError(
            f'{path}, line {start + line}, column 1: "{first[line]}" is no whole number from 0 to {most}, and no more '
            "are the values of the last column: give the number of the column of labels by --data.label, or how many "
            "classes there are by --data.classes"
        )
    raise InputError(
        f"{path}: it can't be told whether the first or the last column is the label: say so by --data.label 1 or "
        f"--data.label {PIXELS + 1}"
    )


def refuse_width(path: Path, line: str, names: Sequence[str]) -> NoReturn:
    """Raise an InputError for a line that is no image."""
    for separator, name in SEPARATORS.items():
        if len(line.split(separator)) in (PIXELS, PIXELS + 1):
            raise InputError(f"{path}, line 1: the columns are separated by {name}: commas are read")
    told = f"{amount(len(names), 'column')}, where there should be {PIXELS} pixels, with or without a label"
    plain = [name.strip().lower() for name in names]
    odd = [i for i, name in enumerate(plain) if not re.fullmatch(PIXEL_NAME, name) and name not in LABEL_NAMES]
    if odd and len(names) - len(odd) in (PIXELS, PIXELS + 1):
        told += f": leave out {' and '.join(f'column {i + 1}, {quoted(names[i])}' for i in odd[:3])}"
    raise InputError(f"{path}, line 1: {told}")


def is_number(text: str) -> bool:
    """Whether `text` is a number, whatever its kind."""
    try:
        float(text)
    except ValueError:
        return not text
    return True


def is_count(names: Sequence[str]) -> bool:
    """Whether columns are called 0, 1, 2 … or 1, 2, 3 …, as pandas names them; no image is such a ramp."""
    return any(all(name.strip() == str(i + start) for i, name in enumerate(names)) for start in (0, 1))


def quoted(name: str) -> str:
    """A name in quotes, as much of it as a line holds."""
    return f'"{name[:20]}"'


def shell_quoted(name: str, index: int) -> str:
    """A name as it can be given on the command line; the number of the column in place of an odd one."""
    return name if re.fullmatch(r"[A-Za-z_][\w.-]{,30}", name) else str(index + 1)
