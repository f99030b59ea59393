import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.datasets import MNIST

from digits.data import MNISTDataModule
from digits.data.base import DigitsSubset, stratified_split
from digits.data.idx import read_idx
from digits.data.mnist import BUNDLED, FILES
from digits.errors import InputError
from tests.helpers import draw, write_idx


def test_split_is_disjoint_complete_stratified_and_depends_on_its_seed_alone() -> None:
    labels = torch.randint(0, 10, (6000,))
    torch.manual_seed(1)
    train, val = stratified_split(labels, 500, seed=0)
    torch.manual_seed(2)
    assert torch.equal(val, stratified_split(labels, 500, seed=0)[1])
    assert not torch.equal(val, stratified_split(labels, 500, seed=1)[1])
    assert len(val) == 500
    assert torch.equal(torch.cat([train, val]).sort().values, torch.arange(6000))
    assert (labels[val].bincount() - labels.bincount() * 500 / 6000).abs().max() <= 1


def test_split_is_the_same_on_every_machine() -> None:
    data = MNISTDataModule()
    data.setup("fit")
    assert (len(data.train), len(data.val)) == (55_000, 5_000)
    assert hashlib.md5(data.val.labels.numpy().tobytes()).hexdigest() == "02b9edaad8e0f983ff83bb1c646f6476"


@pytest.mark.parametrize("val_size", [0, 1, 299])
def test_val_size_images_are_held_out(tiny_mnist: Path, val_size: int) -> None:
    data = MNISTDataModule(val_size=val_size)
    data.setup("fit")
    assert (len(data.train), len(data.val)) == (300 - val_size, val_size)


def test_training_images_are_not_copied(tiny_mnist: Path) -> None:
    data = MNISTDataModule(val_size=60)
    data.setup("fit")
    assert data.train.data.images.shape == (300, 28, 28)
    everything = data.load("train")
    images, labels = data.train[torch.tensor([0, 239])]
    assert torch.equal(images, everything.images[data.train.indices[[0, 239]]])
    assert torch.equal(labels, everything.labels[data.train.indices[[0, 239]]])
    image, label = data.train[7]
    assert torch.equal(image, everything.images[data.train.indices[7]])
    assert label == everything.labels[data.train.indices[7]]
    assert torch.equal(data.train.first(8).images[7], image)


def test_bundled_files_are_the_canonical_ones() -> None:
    for name, (md5_gz, md5) in FILES.items():
        content = (BUNDLED / f"{name}.gz").read_bytes()
        assert hashlib.md5(content).hexdigest() == md5_gz
        assert hashlib.md5(gzip.decompress(content)).hexdigest() == md5
    assert "CC BY-SA 3.0" in (BUNDLED / "LICENSE").read_text()


def test_mean_and_deviation_are_those_of_the_training_images() -> None:
    images = read_idx(BUNDLED / "train-images-idx3-ubyte.gz") / 255
    assert round(images.mean().item(), 4) == MNISTDataModule.mean
    assert round(images.std().item(), 4) == MNISTDataModule.std


def test_training_loader_gives_every_image_once_in_random_order(tiny_mnist: Path) -> None:
    data = MNISTDataModule(val_size=0, batch_size=64)
    data.setup("fit")
    batches = list(data.train_dataloader())
    images = torch.cat([images for images, _ in batches])
    labels = torch.cat([labels for _, labels in batches])
    assert [len(labels) for _, labels in batches] == [60] * 5
    assert images.dtype == torch.uint8
    train = data.train.first(300)
    order = [next(i for i in range(300) if torch.equal(train.images[i], image)) for image in images]
    assert sorted(order) == list(range(300))
    assert order != sorted(order)
    assert torch.equal(labels, train.labels[order])


def test_scored_images_come_in_order_and_whole(tiny_mnist: Path) -> None:
    data = MNISTDataModule()
    data.setup("test")
    data.setup("predict")
    for loader in (data.test_dataloader(), data.predict_dataloader()):
        assert torch.equal(torch.cat([labels for _, labels in loader]), torch.arange(90) % 10)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08\x03\0\0", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01x", "not an IDX file"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "holds 3 values, but states 5"),
        (b"\0\0\x08\x01\0\0\0\x02abc", "holds 3 values, but states 2"),
    ],
)
def test_bad_idx_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    for path, data in [(tmp_path / "x", content), (tmp_path / "x.gz", gzip.compress(content))]:
        path.write_bytes(data)
        with pytest.raises(InputError, match=reason) as info:
            read_idx(path)
        assert str(path) in str(info.value)


def test_truncated_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    write_idx(path, torch.arange(100))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"x\.gz is damaged"):
        read_idx(path)


def test_altered_bundled_file_is_named(tiny_mnist: Path) -> None:
    path = tiny_mnist / "t10k-labels-idx1-ubyte.gz"
    write_idx(path, torch.zeros(90))
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte\.gz is truncated or altered"):
        MNISTDataModule().setup("test")


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Torchvision's downloader gets the files from this process; the list tells which it asked for."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, *args: object) -> None:
            asked.append(Path(self.path).name)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(BUNDLED)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_data_dir_is_filled_by_torchvision_and_damage_there_is_noticed(tmp_path: Path, mirror: list[str]) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    present = raw / "train-images-idx3-ubyte.gz"
    present.write_bytes((BUNDLED / present.name).read_bytes())
    data, bundled = MNISTDataModule(data_dir=str(tmp_path)), MNISTDataModule()
    data.prepare_data()
    assert set(mirror) == {f"{name}.gz" for name in FILES if f"{name}.gz" != present.name}
    data.setup("test")
    bundled.setup("test")
    assert torch.equal(data.test.images, bundled.test.images)
    assert torch.equal(data.test.labels, bundled.test.labels)

    mirror.clear()
    data.prepare_data()
    assert not mirror
    for name in ("t10k-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz"):
        content = (raw / name).read_bytes()
        for damaged in (content[:-5], content[:-1] + b"?"):
            (raw / name).write_bytes(damaged)
            with pytest.raises(InputError, match=f"{name} is truncated or altered .*: delete it"):
                data.prepare_data()
        (raw / name).write_bytes(content)
    data.prepare_data()


def test_failed_download_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(InputError, match=r"(?s)could not download MNIST to .*leave out --data\.data_dir"):
        MNISTDataModule(data_dir=str(tmp_path)).prepare_data()


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(InputError, match=r"--data.dataset must be one of MNIST, QMNIST, .*, got 'mnist'"):
        MNISTDataModule(dataset="mnist")  # type: ignore[arg-type]


def write_set(folder: Path, train: str, test: str, between: str = "") -> tuple[torch.Tensor, torch.Tensor]:
    """Extracted IDX files as torchvision keeps them; returns the test images and labels."""
    folder.mkdir(parents=True)
    for prefix, n in [(train, 30), (test, 20)]:
        images, labels = draw(n, seed=n)
        write_idx(folder / f"{prefix}-images{between}", images)
        write_idx(folder / f"{prefix}-labels{between}", labels)
    return images, labels


@pytest.mark.parametrize("dataset", ["FashionMNIST", "KMNIST", "EMNIST"])
def test_sets_in_the_likeness_of_mnist(tmp_path: Path, dataset: Any) -> None:
    raw = tmp_path / dataset / "raw"
    if dataset == "EMNIST":
        for split in ("byclass", "bymerge", "balanced", "letters", "digits", "mnist"):
            (tmp_path / split).mkdir()
            images, labels = write_set(
                tmp_path / split / "raw", f"emnist-{split}-train", f"emnist-{split}-test", "-idx#-ubyte"
            )
            raw.mkdir(parents=True, exist_ok=True)
            for file in (tmp_path / split / "raw").iterdir():
                file.rename(raw / file.name.replace("#", "3" if "images" in file.name else "1"))
    else:
        images, labels = write_set(raw, "train", "t10k", "-idx#-ubyte")
        for file in list(raw.iterdir()):
            file.rename(raw / file.name.replace("#", "3" if "images" in file.name else "1"))
    data = MNISTDataModule(dataset, str(tmp_path), val_size=5)
    data.prepare_data()
    data.setup("fit")
    data.setup("test")
    assert torch.equal(data.test.images, images.transpose(1, 2) if dataset == "EMNIST" else images)
    assert torch.equal(data.test.labels, labels)
    assert data.mean != MNISTDataModule.mean
    assert len(data.classes) == 10
    if dataset == "FashionMNIST":
        assert data.classes[9] == "Ankle boot"


def test_letters_are_the_classes_of_letters(tmp_path: Path) -> None:
    for part in ("train", "test"):
        prefix = tmp_path / f"EMNIST/raw/emnist-letters-{part}"
        prefix.parent.mkdir(parents=True, exist_ok=True)
        write_idx(prefix.with_name(f"{prefix.name}-images-idx3-ubyte"), draw(52, seed=1)[0])
        write_idx(prefix.with_name(f"{prefix.name}-labels-idx1-ubyte"), torch.arange(52) % 26 + 1)
    data = MNISTDataModule("EMNISTLetters", str(tmp_path), val_size=26)
    data.prepare_data()
    data.setup("fit")
    assert "".join(data.classes) == "abcdefghijklmnopqrstuvwxyz"
    assert torch.equal(data.val.labels.sort().values, torch.arange(26))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_with_the_four_files_is_read_without_network(tmp_path: Path, suffix: str) -> None:
    for prefix, n in [("train", 30), ("t10k", 20)]:
        images, labels = draw(n, seed=n)
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte{suffix}", images)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte{suffix}", labels)
    data = MNISTDataModule(data_dir=str(tmp_path))
    data.prepare_data()
    data.setup("predict")
    assert torch.equal(data.predict.images, images)
    assert torch.equal(data.predict.labels, labels)

    swapped, name = tmp_path / f"t10k-images-idx3-ubyte{suffix}", tmp_path / f"t10k-labels-idx1-ubyte{suffix}"
    write_idx(swapped, labels)
    write_idx(name, images)
    with pytest.raises(InputError, match="are the files swapped"):
        data.setup("predict")
    name.unlink()
    with pytest.raises(InputError, match="has no t10k-labels-idx1-ubyte"):
        data.setup("predict")


def test_other_sets_need_a_folder() -> None:
    with pytest.raises(InputError, match=r"KMNIST needs --data\.data_dir"):
        MNISTDataModule("KMNIST")


def test_qmnist_labels_are_the_first_of_eight_columns(tmp_path: Path) -> None:
    raw = tmp_path / "QMNIST" / "raw"
    raw.mkdir(parents=True)
    for split, n in [("train", 30), ("test", 20)]:
        images, labels = draw(n, seed=n)
        write_idx(raw / f"qmnist-{split}-images-idx3-ubyte", images)
        table = torch.zeros(n, 8, dtype=torch.int32)
        table[:, 0], table[:, 2] = labels, 99
        header = b"\0\0\x0c\x02" + n.to_bytes(4, "big") + (8).to_bytes(4, "big")
        (raw / f"qmnist-{split}-labels-idx2-int").write_bytes(header + table.numpy().astype(">i4").tobytes())
    data = MNISTDataModule("QMNIST", str(tmp_path))
    data.prepare_data()
    data.setup("test")
    assert torch.equal(data.test.images, images)
    assert torch.equal(data.test.labels, labels)


def test_a_pass_of_the_training_loader_fetches_batches_and_not_images(monkeypatch: pytest.MonkeyPatch) -> None:
    data = MNISTDataModule(val_size=0)
    data.setup("fit")
    asked = []
    get = DigitsSubset.__getitem__

    def counted(rows: DigitsSubset, index: Tensor) -> Any:
        asked.append(index)
        return get(rows, index)

    monkeypatch.setattr(DigitsSubset, "__getitem__", counted)
    assert sum(len(labels) for _, labels in data.train_dataloader()) == 60_000
    assert [len(index) for index in asked] == [200] * 300
