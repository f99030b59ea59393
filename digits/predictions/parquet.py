"""Rows as a Parquet file, in bounded memory."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from digits.errors import InputError
from digits.files import replacing

SUFFIX = ".parquet"
ROWS = 100_000  # of a group, which readers load as one
TEXTS = {"note", "mark"}  # columns of text


def is_parquet(path: Path) -> bool:
    """Whether a file is to be Parquet, by its name."""
    return path.suffix.lower() == SUFFIX


@contextmanager
def parquet_table(path: Path, header: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Open a file that takes the place of `path` when all is written; gives a function that writes rows, as CSV.

    Probabilities become float32, other numbers int64, and what is empty null.

    Raises:
        InputError: PyArrow is not installed, or the file can't be written.
    """
    arrow = pyarrow()
    batches: list[Any] = []
    writer = None
    with replacing(path, "wb") as file:

        def group() -> None:
            nonlocal writer
            table = arrow.Table.from_batches(batches)
            writer = writer or arrow.parquet.ParquetWriter(file, table.schema)
            writer.write_table(table, max(ROWS, table.num_rows))
            batches.clear()

        def write(rows: str) -> None:
            table = [*csv.reader(io.StringIO(rows, newline=""))]
            if table or not (batches or writer):
                types = batches[0].schema if batches else writer.schema if writer else types_of(header, table)
                batches.append(to_batch(table, types))
            if sum(batch.num_rows for batch in batches) >= ROWS:
                group()

        try:
            yield write
            write("")
            if batches:
                group()
        finally:
            if writer is not None:
                writer.close()


def pyarrow() -> Any:
    """The package that writes Parquet.

    Raises:
        InputError: it is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError:
        raise InputError("a .parquet file needs PyArrow: pip install 'digits[parquet]'") from None
    return pyarrow


def types_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    """The schema of a table; predictions are text where the first rows have names of classes that are no numbers."""
    arrow = pyarrow()

    def type_of(column: int, name: str) -> Any:
        if is_probability(name):
            return arrow.float32()
        named = name == "prediction" and any(row[column] and not row[column].isdecimal() for row in rows)
        files = name == "id" and "note" in header
        return arrow.string() if name in TEXTS or named or files else arrow.int64()

    return arrow.schema((name, type_of(i, name)) for i, name in enumerate(header))


def is_probability(column: str) -> bool:
    """Whether a column holds probabilities."""
    return column == "confidence" or (column[:1] == "p" and column[1:].isdecimal())


def to_batch(rows: Sequence[Sequence[str]], schema: Any) -> Any:
    """Rows of text as a batch of columns."""
    arrow = pyarrow()
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return arrow.record_batch(
        [
            arrow.array([readable(value) for value in values], field.type)
            if field.type == arrow.string()
            else arrow.array([value or None for value in values], arrow.string()).cast(field.type)
            for values, field in zip(columns, schema, strict=True)
        ],
        schema=schema,
    )


def readable(name: str) -> str:
    """A name with what is no UTF-8 in it as escapes: Parquet takes nothing else."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
