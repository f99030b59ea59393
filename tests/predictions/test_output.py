import csv
from pathlib import Path

import pytest

from digits.errors import InputError
from digits.predictions.journal import Finished
from digits.predictions.output import Output

HEADER = ["id", "p0"]
BATCHES = [Finished(f"{i},0.{i}\n", [], {"images": 1}) for i in range(3)]


@pytest.mark.parametrize("made_of", [{}, {"network": "a"}])
def test_the_file_is_there_when_all_has_come(tmp_path: Path, made_of: dict[str, str]) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    output = Output(path, HEADER, made_of)
    for finished in BATCHES:
        output.add(finished)
    assert path.read_text() == "before"
    output.finish()
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [HEADER, *([str(i), f"0.{i}"] for i in range(3))]
    assert output.counts["images"] == 3
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("error", "kept"), [(KeyboardInterrupt(), True), (InputError("line 7"), False)])
def test_what_is_finished_stays_unless_the_input_is_wrong(tmp_path: Path, error: BaseException, kept: bool) -> None:
    output = Output(tmp_path / "out.csv", HEADER, {"network": "a"})
    output.add(BATCHES[0])
    output.abandon(error)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv.part"] * kept
    direct = Output(tmp_path / "direct.csv", HEADER, {})
    direct.add(BATCHES[0])
    direct.abandon(error)
    assert "direct.csv" not in {path.name for path in tmp_path.iterdir()}


def test_another_version_or_form_is_not_gone_on_with(tmp_path: Path) -> None:
    first = Output(tmp_path / "out.csv", HEADER, {"network": "a"})
    first.add(BATCHES[0])
    first.abandon(KeyboardInterrupt())
    other = Output(tmp_path / "out.csv", [*HEADER, "p1"], {"network": "a"})
    assert other.done == 0
    other.abandon(KeyboardInterrupt())
