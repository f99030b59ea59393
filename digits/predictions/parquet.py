"""Rows as a Parquet file, in bounded memory."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from digits.errors import InputError
from digits.system.files import replacing

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
    pyarrow()
    with replacing(path, "wb") as file:
        table = GroupWriter(file, header)
        try:
            yield table.write
            table.finish()
        finally:
            table.close()


class GroupWriter:
    """Writes rows to a Parquet file, a group at a time.

    Args:
        file: open for writing.
        header: the names of the columns; their types are those of the first rows.
    """

    def __init__(self, file: IO[bytes], header: Sequence[str]) -> None:
        self.file = file
        self.header = header
        self.schema: Any = None
        self.writer: Any = None
        self.batches: list[Any] = []  # of the next group

    def write(self, rows: str) -> None:
        """Take rows, as CSV."""
        table = [*csv.reader(io.StringIO(rows, newline=""))]
        if self.schema is None:
            self.schema = types_of(self.header, table)
        if table:
            self.batches.append(to_batch(table, self.schema))
        if sum(batch.num_rows for batch in self.batches) >= ROWS:
            self.write_group()

    def write_group(self) -> None:
        """Write what has come since the last group."""
        arrow = pyarrow()
        table = arrow.Table.from_batches(self.batches, self.schema)
        self.writer = self.writer or arrow.parquet.ParquetWriter(self.file, self.schema)
        self.writer.write_table(table, max(ROWS, table.num_rows))
        self.batches.clear()

    def finish(self) -> None:
        """Write the last group; of no rows at all, an empty one."""
        if self.schema is None:
            self.write("")
        if self.batches or self.writer is None:
            self.write_group()

    def close(self) -> None:
        """Write the end of the file, if anything was written."""
        if self.writer is not None:
            self.writer.close()


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
