"""What a page says, as text."""

from collections.abc import Sequence

from digits.pages.page import DigitBox


def as_text(boxes: Sequence[DigitBox], said: Sequence[str]) -> str:
    """Lines as on the page, a space between numbers, the columns of a table below each other; words in a row are one ?.

    Args:
        boxes: of one page, in reading order.
        said: what each box says, such as a digit; where a box has a mark, the mark is taken.
    """
    cells: dict[tuple[int, int], str] = {}
    for box, text in zip(boxes, said, strict=True):
        key = box.line, box.number if box.column < 0 else box.column
        before = cells.get(key, "")
        cells[key] = before if before == box.mark == "?" else before + (box.mark or text)
    lines = sorted({line for line, _ in cells})
    if any(box.column < 0 for box in boxes):
        numbers = [[text for (of, _), text in sorted(cells.items()) if of == line] for line in lines]
        return "\n".join(
            " ".join(n for i, n in enumerate(row) if i == 0 or {n, row[i - 1]} != {"?"}) for row in numbers
        )
    columns = range(1 + max((column for _, column in cells), default=-1))
    widths = [max(len(cells.get((line, column), "")) for line in lines) for column in columns]
    rows = [[cells.get((line, column), "").rjust(widths[column]) for column in columns] for line in lines]
    return "\n".join("  ".join(row).rstrip() for row in rows)
