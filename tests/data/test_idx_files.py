"""The user's MNIST files are found, whatever they are called and wherever they lie, and nothing is downloaded."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from digits.data import MNISTDataModule, mnist
from digits.data.idx_files import WANTED, find_files
from digits.errors import InputError
from tests.helpers import draw, write_idx

STANDARD = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture(autouse=True)
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise AssertionError("tried to download")

    monkeypatch.setattr(mnist, "download", fail)


def write(folder: Path, names: tuple[str, ...] = STANDARD) -> tuple[Tensor, Tensor]:
    """Write a small set under these names; returns the test images and labels."""
    train, test = draw(30, seed=30), draw(20, seed=20)
    for name, values in zip(names, (*train, *test), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_idx(folder / name, values)
    return test


def check(data_dir: Path, test: tuple[Tensor, Tensor], dataset: Any = "MNIST") -> MNISTDataModule:
    data = MNISTDataModule(dataset, str(data_dir), val_size=5)
    data.prepare_data()
    data.setup("fit")
    data.setup("test")
    assert len(data.train) == 25
    assert torch.equal(data.test.images, test[0])
    assert torch.equal(data.test.labels, test[1])
    return data


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("-idx", ".idx"),  # as 7-Zip calls them
        lambda name: name.replace("-", "_"),
        lambda name: name.upper(),
        lambda name: name.replace("-", " "),
        lambda name: f"{name} (1).gz",  # as a browser calls it the second time
        lambda name: name.replace("t10k", "test"),
        lambda name: name.split("-idx")[0],
        lambda name: f"mnist-{name}.GZ",
        lambda name: f"{name}/{name}",  # as Kaggle's archive has them
        lambda name: f"mnist/raw/{name}",
        lambda name: f"one/folder/deep/{name}.gz",
    ],
)
def test_whatever_they_are_called_and_wherever_they_lie(tmp_path: Path, rename: Any) -> None:
    names = tuple(rename(name) for name in STANDARD)
    test = write(tmp_path / "data", tuple(name.removesuffix(".GZ") + ".gz" * name.endswith(".GZ") for name in names))
    if names[0].endswith(".GZ"):
        for path in (tmp_path / "data").iterdir():
            path.rename(path.with_suffix(".GZ"))
    check(tmp_path / "data", test)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("folder", ["", "archive/raw/"])
def test_a_zip_archive_of_them(tmp_path: Path, suffix: str, folder: str) -> None:
    test = write(tmp_path / "files", tuple(f"{name}{suffix}" for name in STANDARD))
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in (tmp_path / "files").iterdir():
            archive.write(file, folder + file.name)
    (tmp_path / "data" / "other.zip").write_bytes(b"no archive")
    for given in (path, path.parent):
        check(given, test)


def test_one_of_them_stands_for_its_folder_and_a_place_elsewhere_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = write(tmp_path / "deep" / "raw")
    check(tmp_path / "deep" / "raw" / STANDARD[0], test)
    check(tmp_path / "deep" / "raw", test)
    assert capsys.readouterr().out.count("Data:") == 1
    check(tmp_path, test)
    assert f"Data: {tmp_path}/deep/raw" in capsys.readouterr().out


def test_other_sets_in_the_same_folder_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "fashion-mnist", tuple(f"{name}.gz" for name in STANDARD))
    write(tmp_path / "KMNIST" / "raw")
    write(tmp_path / "gzip", tuple(f"emnist-letters-{name}".replace("t10k", "test") for name in STANDARD))
    with pytest.raises(InputError, match=r"emnist-letters-\S+ is of EMNISTLetters: give --data.dataset EMNISTLetters"):
        find_files(tmp_path, "MNIST")
    names = check(tmp_path, draw(20, seed=20), "FashionMNIST").classes
    assert names[9] == "Ankle boot"
    assert find_files(tmp_path, "KMNIST")["test-images"].path.parent == tmp_path / "KMNIST" / "raw"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("images.idx3-ubyte", "labels.idx1-ubyte"), "images.idx3-ubyte has not the name of a file of MNIST"),
        (("emnist-digits-train-images-idx3-ubyte",), "is of EMNIST: give --data.dataset EMNIST"),
        (("qmnist-test-images-idx3-ubyte",), "is of QMNIST: give --data.dataset QMNIST"),
    ],
)
def test_files_that_look_like_it_are_not_passed_over(tmp_path: Path, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        write_idx(tmp_path / name, draw(3, seed=0)[0])
    with pytest.raises(InputError, match=reason) as info:
        MNISTDataModule(data_dir=str(tmp_path)).prepare_data()
    assert len(str(info.value)) < 500


def test_a_file_that_is_missing_beside_others_is_named_and_not_downloaded(tmp_path: Path) -> None:
    write(tmp_path, tuple(name.replace("-idx", ".idx") for name in STANDARD))
    (tmp_path / "t10k-labels.idx1-ubyte").unlink()
    data = MNISTDataModule(data_dir=str(tmp_path), val_size=5)
    data.prepare_data()
    data.setup("fit")
    with pytest.raises(InputError, match=r"has no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte\.gz: put it there"):
        data.setup("test")


def test_emnist_and_qmnist_are_read_as_they_are_published(tmp_path: Path) -> None:
    images, labels = write(
        tmp_path / "e", tuple(f"emnist-digits-{name}.gz".replace("t10k", "test") for name in STANDARD)
    )
    check(tmp_path / "e", (images.transpose(1, 2), labels), "EMNIST")
    write(tmp_path / "q", tuple(f"qmnist-{name}".replace("t10k", "test") for name in STANDARD))
    check(tmp_path / "q", (images, labels), "QMNIST")


def test_a_file_that_claims_to_be_large_takes_no_memory(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / STANDARD[2]).write_bytes(b"\0\0\x08\x03" + b"\x7f\xff\xff\xff" * 3)
    with pytest.raises(InputError, match="holds 0 values, but states"):
        MNISTDataModule(data_dir=str(tmp_path)).setup("test")
    assert set(find_files(tmp_path, "MNIST")) == set(WANTED)
