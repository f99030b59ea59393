"""The file of predictions: its rows come batch by batch, and it is there when all have come."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from digits import __version__
from digits.errors import InputError
from digits.predictions.journal import Finished, Journal
from digits.predictions.parquet import is_parquet, parquet_table, pyarrow
from digits.system.files import is_stream, replacing, writing


class Output:
    """A file of rows, which come batch by batch, in order.

    If `made_of` says what decides the rows, they are kept in a `Journal` until all have come. A pipe, a device or
    standard output gets them as they come.

    Args:
        path: the file; None for none.
        header: the names of the columns.
        made_of: what decides the rows, each under a name; empty where it is not known.

    Raises:
        InputError: it can't be written.
    """

    def __init__(self, path: Path | None, header: Sequence[str], made_of: dict[str, str]) -> None:
        self.path = path
        self.header = header
        self.counts: Counter[str] = Counter()  # sums of those of all batches
        self.stack = ExitStack()
        self.journal: Journal | None = None
        self.write: Callable[[str], Any] = len  # nowhere
        if path is not None and is_parquet(path):
            pyarrow()  # or it would be missed when all is predicted
        if path is not None and made_of and not is_stream(path):
            options = f"digits {__version__}: {','.join(header)}"
            self.journal = Journal(path, {**made_of, "version or set of columns": options})
            self.counts.update(self.journal.counts)
        elif path is not None:
            self.write = self.stack.enter_context(table(path, header))
        self.before = self.counts.copy()  # those of batches that a killed command had finished

    @property
    def done(self) -> int:
        """How many batches were finished before, by a command that was killed."""
        return 0 if self.journal is None else self.journal.done

    def earlier(self) -> Iterator[Finished]:
        """What came of the batches that were finished before."""
        yield from self.journal or ()

    def add(self, finished: Finished) -> None:
        """Take what came of the next batch."""
        self.counts.update(finished.counts)
        if self.journal is not None:
            self.journal.add(finished)
        else:
            with writing(self.path or Path()):
                self.write(finished.rows)

    def finish(self) -> None:
        """Let the file take its place."""
        if self.journal is not None:
            with table(self.journal.output, self.header) as write:
                for finished in self.journal:
                    write(finished.rows)
            self.journal.close(keep=False)
        self.stack.close()

    def abandon(self, error: BaseException) -> None:
        """Leave what is finished, if the same command can go on from there; otherwise nothing.

        It can if it was stopped, or if something around it failed, such as a full disk, but not if the input is wrong.
        """
        if self.journal is not None:
            self.journal.close(keep=not isinstance(error, InputError) or error.__cause__ is not None)
        with suppress(Exception):  # it is told already
            self.stack.__exit__(type(error), error, error.__traceback__)


@contextmanager
def table(path: Path, header: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Open a file that takes the place of `path` when all is written; gives a function that writes rows to it."""
    if is_parquet(path):
        with parquet_table(path, header) as write_group:
            yield write_group
        return
    with replacing(path) as file:

        def write(rows: str) -> None:
            file.write(rows)
            file.flush()

        write(as_csv([header]))
        yield write


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
