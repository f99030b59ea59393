"""Tables, as a terminal shows them."""

import sys
import textwrap
from collections.abc import Sequence

from digits.console import columns


def as_table(rows: Sequence[Sequence[str]], left: int = 1, indent: str = "") -> str:
    """Rows of text as aligned columns.

    Where the terminal is too narrow for them, they stand closer, and the words of their names in lines; where it is too
    narrow for that, too, each row is a paragraph.

    Args:
        rows: the first are the names of the columns; all of the same length.
        left: how many columns are aligned to the left; the others are to the right.
        indent: before each row.
    """
    room, gap, named, widths = columns() or sys.maxsize, "  ", rows, widths_of(rows)

    def width() -> int:
        return len(indent) + sum(widths) + len(gap) * (len(widths) - 1)

    if width() > room:
        names = [name.split() for name in rows[0]]
        lines = max(map(len, names))
        rows = [*zip(*([*[""] * (lines - len(words)), *words] for words in names), strict=True), *rows[1:]]
        gap, widths = " ", widths_of(rows)
    if width() > room:
        return "\n".join(paragraph(named[0], row, room, indent) for row in named[1:])

    def align(row: Sequence[str]) -> str:
        cells = zip(row, widths, strict=True)
        return gap.join(text.ljust(width) if i < left else text.rjust(width) for i, (text, width) in enumerate(cells))

    return "\n".join(f"{indent}{align(row)}".rstrip() for row in rows)


def paragraph(names: Sequence[str], row: Sequence[str], room: int, indent: str) -> str:
    """A row of a table that does not fit: its first cell, and below it the others behind the names of their columns."""
    cells = [f"{name}: {text}" for name, text in zip(names[1:], row[1:], strict=True) if text]
    further = f"{indent}  "
    below = textwrap.fill("; ".join(cells), max(room, 20), initial_indent=further, subsequent_indent=further)
    return f"{indent}{row[0]}" + f"\n{below}" * bool(cells)


def widths_of(rows: Sequence[Sequence[str]]) -> list[int]:
    """How many characters each column takes."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]
