"""Files that unpack to much more than they are."""

import gzip
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from digits.data import unpacking
from digits.data.csv import read_csv
from digits.data.idx import read_idx
from digits.errors import InputError
from tests.helpers import draw, write_idx

ZEROS = b",".join([b"0"] * 784) + b"\n"


def zipped(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", content)


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("x.csv.gz", lambda path: path.write_bytes(gzip.compress(ZEROS * 2000)), read_csv),
        ("x.zip", lambda path: zipped(path, ZEROS * 2000), read_csv),
        ("x.gz", lambda path: write_idx(path, torch.zeros(4000, 28, 28)), read_idx),
        ("y.gz", lambda path: write_idx(path, torch.zeros(3_000_000)), read_idx),
    ],
)
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    write: Callable[[Path], Any],
    read: Callable[[Path], Any],
) -> None:
    path = tmp_path / name
    write(path)
    read(path)  # while it is small
    monkeypatch.setattr(unpacking, "ALWAYS", 2_000_000)
    with pytest.raises(InputError, match=r"unpacks to more than 2 MB, .*: unpack it yourself if that is meant") as info:
        read(path)
    assert str(path) in str(info.value)


def test_an_archive_of_many_files_names_some_of_them(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(1000):
            archive.writestr(f"{i}{'a' * 200}.csv", "")
    with pytest.raises(InputError, match=r"holds 1000 CSV files .*, …\): unzip it, and name one") as info:
        read_csv(path)
    assert len(str(info.value)) < 500


def test_a_pipe_is_read(tmp_path: Path) -> None:
    images, _ = draw(3, seed=0)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = "".join(",".join(map(str, image.flatten().tolist())) + "\n" for image in images)
    writer = threading.Thread(target=pipe.write_text, args=(content,))
    writer.start()
    assert torch.equal(read_csv(pipe)[0], images)
    writer.join()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder: give a file"):
        read_csv(tmp_path)
