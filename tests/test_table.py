import pytest

from digits.table import as_table

ROWS = [("", "val error", "test"), ("mlp/version_0", "1.62%", "1.52%"), ("pretrained", "", "0.35%")]


@pytest.mark.parametrize("columns", [None, 80, 33])
def test_columns_are_aligned(columns: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digits.table.columns", lambda: columns)
    assert as_table(ROWS, indent="  ").splitlines() == [
        "                 val error   test",
        "  mlp/version_0      1.62%  1.52%",
        "  pretrained                0.35%",
    ]


def test_a_narrow_terminal_has_the_words_of_a_name_in_lines_and_less_between_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digits.table.columns", lambda: 32)
    assert as_table(ROWS, indent="  ").splitlines() == [
        "                  val",
        "                error  test",
        "  mlp/version_0 1.62% 1.52%",
        "  pretrained          0.35%",
    ]


def test_a_terminal_that_is_too_narrow_for_columns_has_a_paragraph_for_each_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digits.table.columns", lambda: 25)
    assert as_table(ROWS, indent="  ").splitlines() == [
        "  mlp/version_0",
        "    val error: 1.62%;",
        "    test: 1.52%",
        "  pretrained",
        "    test: 0.35%",
    ]
