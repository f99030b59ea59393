"""Rows that are read while they are predicted."""

import os
import threading
from pathlib import Path

import pytest
import torch

from digits.data import CSVDataModule, Digits
from digits.data.csv_stream import SAMPLE, ends_of, survey
from digits.data.dataset import Batch
from digits.errors import InputError
from tests.helpers import draw

N = 1100  # rows: two chunks and a part of one


def table(labels_first: bool = True, in_order: bool = False) -> list[str]:
    """Rows of images and labels; sorted by label, if they are to be `in_order`."""
    images, labels = draw(N, seed=0)
    images[:, 0, 0] = images[:, -1, -1] = 0  # as in any picture of a digit
    order = labels.argsort(stable=True) if in_order else torch.arange(N)
    columns = [labels[:, None], images.flatten(1)][:: 1 if labels_first else -1]
    return [",".join(map(str, row)) for row in torch.cat(columns, dim=1)[order].tolist()]


def streamed(path: Path, **options: object) -> tuple[CSVDataModule, list[Batch]]:
    data = CSVDataModule(predict=str(path), transposed=False, **options)  # type: ignore[arg-type]
    data.setup("predict")
    assert data.streamed is not None
    return data, list(data.predict_dataloader())


@pytest.mark.parametrize(
    "lines",
    [
        table(),
        ["\ufeff" + ",".join(["label", *(f"pixel{i}" for i in range(784))]), *table()],
        table(labels_first=False, in_order=True),
        [row.partition(",")[2] for row in table()],
    ],
    ids=["first", "header", "last and sorted", "unlabelled"],
)
def test_they_are_the_rows_that_are_read_at_once(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "x.csv").write_text("\n".join(lines), encoding="utf-8")
    data, batches = streamed(tmp_path / "x.csv")
    assert [len(batch.images) for batch in batches] == [500, 500, 100]
    whole: Digits = data.load("predict")
    assert torch.equal(torch.cat([batch.images for batch in batches]), whole.images)
    assert torch.equal(torch.cat([batch.labels for batch in batches]), whole.labels)
    assert torch.cat([batch.indices for batch in batches]).tolist() == list(range(N))
    assert [str(name) for batch in batches for name in batch.source.ids] == [str(i) for i in range(N)]  # type: ignore[union-attr]
    assert data.streamed is not None
    assert data.streamed.has_labels == whole.has_labels


def test_a_wrong_value_is_named_when_it_is_read(tmp_path: Path) -> None:
    lines = table()
    lines[1050] = "3,red" + lines[1050][5:]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"x\.csv, line 1051"):
        streamed(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text("\n".join([*lines[:1040], "", *lines[1060:]]))
    with pytest.raises(InputError, match=r"line 1041: the line is blank"):
        streamed(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text(",".join(["label", *(f"pixel{i}" for i in range(784))]))
    with pytest.raises(InputError, match="has no rows"):
        streamed(tmp_path / "x.csv")


def test_a_survey_keeps_rows_from_the_whole_file(tmp_path: Path) -> None:
    lines = table()
    (tmp_path / "x.csv").write_text("\n".join(lines * 3))
    found = survey(tmp_path / "x.csv", None)
    assert found.rows == 3 * N
    assert SAMPLE / 2 < len(found.sample) <= SAMPLE
    assert (found.columns.label, found.columns.certain) == (0, True)
    data, _ = streamed(tmp_path / "x.csv")
    assert torch.equal(found.sample, data.load("predict").images[::4])


def test_the_ends_of_a_line() -> None:
    assert ends_of(b'\xef\xbb\xbf"3", 12,0\r\n') == (3, 0)
    assert ends_of(b"x,1,900") == (255, 255)


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("\n".join(table()),))
    writer.start()
    data = CSVDataModule(predict=str(tmp_path / "pipe"), transposed=False)
    data.setup("predict")
    writer.join()
    assert data.streamed is None
    assert len(data.predict) == N


def test_who_loads_in_another_way_is_asked_for_all(tmp_path: Path) -> None:
    class Inverted(CSVDataModule):
        def load(self, split: str) -> Digits:
            data = super().load(split)
            return Digits(255 - data.images, data.labels)

    (tmp_path / "x.csv").write_text("\n".join(table()))
    data = Inverted(predict=str(tmp_path / "x.csv"), transposed=False)
    data.setup("predict")
    images = torch.cat([batch.images for batch in data.predict_dataloader()])
    assert torch.equal(
        images, 255 - CSVDataModule(predict=str(tmp_path / "x.csv"), transposed=False).load("predict").images
    )
