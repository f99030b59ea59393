"""Tables, as a terminal shows them."""

import sys
from collections.abc import Sequence

from digits.console import columns


def as_table(rows: Sequence[Sequence[str]], left: int = 1, indent: str = "") -> str:
    """Rows of text as aligned columns; where the terminal is too narrow for them, closer, the words of names in lines.

    Args:
        rows: the first are the names of the columns; all of the same length.
        left: how many columns are aligned to the left; the others are to the right.
        indent: before each row.
    """
    gap, widths = "  ", widths_of(rows)
    if len(indent) + sum(widths) + len(gap) * (len(widths) - 1) > (columns() or sys.maxsize):
        names = [name.split() for name in rows[0]]
        lines = max(map(len, names))
        rows = [*zip(*([*[""] * (lines - len(words)), *words] for words in names), strict=True), *rows[1:]]
        gap, widths = " ", widths_of(rows)

    def align(row: Sequence[str]) -> str:
        cells = zip(row, widths, strict=True)
        return gap.join(text.ljust(width) if i < left else text.rjust(width) for i, (text, width) in enumerate(cells))

    return "\n".join(f"{indent}{align(row)}".rstrip() for row in rows)


def widths_of(rows: Sequence[Sequence[str]]) -> list[int]:
    """How many characters each column takes."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]
