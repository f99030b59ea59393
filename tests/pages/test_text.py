"""What a page says, as text."""

from digits.pages.page import DigitBox
from digits.pages.text import as_text


def box(line: int, number: int, column: int = -1, mark: str = "") -> DigitBox:
    return DigitBox(line, 0, 0, 1, 1, number, column, mark)


def test_lines_numbers_and_marks() -> None:
    boxes = [box(0, 0), box(0, 0, mark="."), box(0, 0), box(0, 1), box(1, 0, mark="?"), box(1, 0)]
    assert as_text(boxes, ["7", "", "5", "1", "", "2"]) == "7.5 1\n?2"


def test_a_table_keeps_its_columns() -> None:
    boxes = [box(0, 0, 0), box(0, 1, 2), box(1, 0, 0), box(1, 0, 0), box(1, 1, 1), box(1, 2, 2)]
    assert as_text(boxes, list("123456")) == " 1     2\n34  5  6"


def test_words_in_a_row_are_one() -> None:
    boxes = [box(0, 0, mark="?"), box(0, 1, mark="?"), box(0, 2), box(0, 3, mark="?"), box(1, 0, mark="?")]
    assert as_text(boxes, ["", "", "7", "", ""]) == "? 7 ?\n?"


def test_nothing_says_nothing() -> None:
    assert as_text([], []) == ""
