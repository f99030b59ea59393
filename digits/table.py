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
    (names, *others), room = rows, columns() or sys.maxsize
    for lines, gap in ((rows, "  "), ([*word_by_word(names), *others], " ")):
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        if len(indent) + sum(widths) + len(gap) * (len(widths) - 1) <= room:
            return "\n".join(f"{indent}{aligned(line, widths, gap, left)}".rstrip() for line in lines)
    return "\n".join(paragraph(names, row, room, indent) for row in others)


def word_by_word(names: Sequence[str]) -> list[Sequence[str]]:
    """The names of columns as rows of one word each, the last word in the last row."""
    words = [name.split() for name in names]
    most = max(map(len, words))
    return [*zip(*([""] * (most - len(of_one)) + of_one for of_one in words), strict=True)]


def aligned(row: Sequence[str], widths: Sequence[int], gap: str, left: int) -> str:
    """A row in columns of these widths, of which so many are aligned to the left."""
    cells = zip(row, widths, strict=True)
    return gap.join(text.ljust(width) if i < left else text.rjust(width) for i, (text, width) in enumerate(cells))


def paragraph(names: Sequence[str], row: Sequence[str], room: int, indent: str) -> str:
    """A row of a table that does not fit: its first cell, and below it the others behind the names of their columns."""
    cells = [f"{name}: {text}" for name, text in zip(names[1:], row[1:], strict=True) if text]
    further = f"{indent}  "
    below = textwrap.fill("; ".join(cells), max(room, 20), initial_indent=further, subsequent_indent=further)
    return f"{indent}{row[0]}" + f"\n{below}" * bool(cells)
