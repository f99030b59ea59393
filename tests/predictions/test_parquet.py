import os
import sys
from pathlib import Path

import pytest

from digits.errors import InputError
from digits.predictions import parquet
from digits.predictions.journal import Finished
from digits.predictions.output import Output

HEADER = ["id", "prediction", "confidence", "p0", "note", "line"]


def test_columns_have_types_and_rows_are_grouped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(parquet, "ROWS", 100)
    output = Output(tmp_path / "out.parquet", HEADER, {"network": "a"})
    name = os.fsdecode(b'a,"\xff')
    for i in range(30):
        output.add(
            Finished(f'"{name.replace(chr(34), chr(34) * 2)}",{i % 10},0.5,0.25,,{i}\n' * 8 + ",,,,blank,0\n", [], {})
        )
    output.finish()
    file = pq.ParquetFile(tmp_path / "out.parquet")
    assert [str(field.type) for field in file.schema_arrow] == ["string", "int64", "float", "float", "string", "int64"]
    assert (file.metadata.num_rows, file.num_row_groups) == (270, 3)
    first, *_, last = file.read().to_pylist()
    assert first == {"id": 'a,"\\xff', "prediction": 0, "confidence": 0.5, "p0": 0.25, "note": "", "line": 0}
    assert last == {"id": "", "prediction": None, "confidence": None, "p0": None, "note": "blank", "line": 0}
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_names_of_classes_are_text_and_numbers_of_rows_are_none(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    output = Output(tmp_path / "out.parquet", HEADER[:4], {})
    output.add(Finished("0,boot,0.5,0.5\n1,shirt,0.5,0.5\n", [], {}))
    output.finish()
    assert pq.read_table(tmp_path / "out.parquet").column("prediction").to_pylist() == ["boot", "shirt"]
    assert pq.read_table(tmp_path / "out.parquet").column("id").to_pylist() == [0, 1]


def test_nothing_half_made_stays(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    output = Output(tmp_path / "out.parquet", HEADER, {})
    output.add(Finished("a.png,1,0.5,0.25,,0\n", [], {}))
    output.abandon(InputError("wrong"))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named_before_anything_is_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"pip install 'digits\[parquet\]'"):
        Output(tmp_path / "out.parquet", HEADER, {})
