"""MNIST, bundled with the package or downloaded by torchvision, and the sets made in its likeness."""

import http.client
import shutil
import socket
import string
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from digits.console import say, shown
from digits.data.base import DigitsDataModule
from digits.data.dataset import Digits
from digits.data.idx import check_md5, check_pair, read_idx
from digits.data.idx_files import WANTED, IdxFile, canonical_name, find_files
from digits.errors import InputError

TIMEOUT = 30.0  # seconds without a byte from a mirror
DOWNLOAD_ERRORS = (OSError, RuntimeError, EOFError, zlib.error, http.client.HTTPException)

BUNDLED = Path(__file__).parent / "bundled"

# The canonical files without ".gz", with the MD5 of the compressed and of the extracted form.
FILES = {
    "train-images-idx3-ubyte": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": ("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": ("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": ("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
}

# Test images whose labels five people did not confirm, with those labels; each index counts from 0. From the study of
# Northcutt, Athalye and Mueller, "Pervasive label errors in test sets" (2021), labelerrors.com.
WRONG_LABELS = {
    **{947: 8, 1621: 0, 1901: 9, 2130: 4, 2462: 2, 2597: 5, 2654: 6, 3520: 6, 3558: 5, 5937: 5, 6651: 0, 6783: 1},
    **{8527: 4, 9679: 6, 9729: 5},
}


Dataset = Literal["MNIST", "QMNIST", "EMNIST", "EMNISTLetters", "KMNIST", "FashionMNIST"]
DATASETS = get_args(Dataset)
# Torchvision's names of EMNIST's parts.
EMNIST = {"EMNIST": "digits", "EMNISTLetters": "letters"}
LETTERS = [*string.ascii_lowercase]


class MNISTDataModule(DigitsDataModule):
    """MNIST and the sets made in its likeness: 28×28 grey images of ten classes, or of 26.

    MNIST is 60,000 training and 10,000 test images of handwritten digits (LeCun, Cortes and Burges, 1998); QMNIST its
    reconstruction with 60,000 test images (Yadav and Bottou, 2019), EMNIST the digits of its extension (Cohen et al.,
    2017) and EMNISTLetters the letters, large or small; KMNIST cursive Japanese (Clanuwat et al., 2018) and
    FashionMNIST clothes (Xiao, Rasul and Vollgraf, 2017).

    Args:
        dataset: MNIST, QMNIST, EMNIST, EMNISTLetters, KMNIST or FashionMNIST.
        data_dir: a folder that holds the four IDX files, in itself, below, or in a .zip archive, or where torchvision
            keeps or downloads them; by default MNIST is read from the package.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(self, dataset: Dataset = "MNIST", data_dir: str | None = None, **shared: Any) -> None:
        super().__init__(**shared)
        self.dataset = dataset
        self.data_dir = data_dir
        if dataset not in DATASETS:
            raise InputError(f"--data.dataset must be one of {', '.join(DATASETS)}, got {dataset!r}")
        if data_dir is None and dataset != "MNIST":
            raise InputError(f"--data.dataset {dataset} needs --data.data_dir, a folder to download to or to read")

    def prepare_data(self) -> None:
        if self.data_dir is None:
            return
        raw = Path(self.data_dir) / ("EMNIST" if self.dataset in EMNIST else self.dataset) / "raw"
        if self.dataset == "MNIST":
            check_downloaded(raw)
        files = find_files(Path(self.data_dir), self.dataset)
        places = {file.name.parent for file in files.values()}
        if places - {raw, Path(self.data_dir)}:
            say(f"Data: {', '.join(sorted(shown(Path(place)) for place in places))}")
        if len(files) == len(WANTED) or places - {raw}:
            return
        try:
            with socket_timeout(TIMEOUT):
                if self.dataset in ("MNIST", "KMNIST", "FashionMNIST"):
                    download(self.dataset, raw)
                else:
                    for train in (True, False):
                        options = {"split": EMNIST[self.dataset]} if self.dataset in EMNIST else {}
                        torchvision_class(raw.parent.name)(self.data_dir, train=train, download=True, **options)
        except DOWNLOAD_ERRORS as error:
            raise InputError(
                f"could not download {self.dataset} to {raw}: {error}. Try again later, put the files there, "
                "or leave out --data.data_dir to use the bundled MNIST"
            ) from None

    def load(self, split: str) -> Digits:
        part = "train" if split == "train" else "test"
        files = {} if self.data_dir is None else find_files(Path(self.data_dir), self.dataset)
        images, labels = (self._read(f"{part}-{kind}", files) for kind in ("images", "labels"))
        if self.dataset == "QMNIST" and labels.ndim == 2:
            labels = labels[:, 0]  # the others tell who wrote it
        if self.dataset in EMNIST:
            images = images.transpose(1, 2).contiguous()  # its files hold them lying on their side
        if self.dataset == "EMNISTLetters":
            labels, self.classes = labels.int() - 1, LETTERS
        if self.dataset in ("KMNIST", "FashionMNIST"):
            self.classes = torchvision_class(self.dataset).classes
        check_pair(images, labels, f"{self.data_dir or BUNDLED}", len(self.classes))
        if split == "train" and self.data_dir is not None:
            self.measure(images)
        if split == "test" and self.dataset == "MNIST" and len(labels) == 10_000:
            disputed = [i for i, label in WRONG_LABELS.items() if labels[i] == label]
            self.wrong_labels = disputed if len(disputed) == len(WRONG_LABELS) else []  # else it is another test set
        return Digits(images, labels.long())

    def _read(self, wanted: str, files: Mapping[str, IdxFile]) -> torch.Tensor:
        name = canonical_name(wanted, self.dataset)
        if self.data_dir is None:
            path = BUNDLED / f"{name}.gz"
            if not path.exists():
                raise InputError(f"{BUNDLED} has no {path.name}: install the package again")
            check_md5(path, FILES[name][0])
            return read_idx(path)
        if (file := files.get(wanted)) is None:
            raise InputError(f"{self.data_dir} has no {name} or {name}.gz: put it there")
        return read_idx(*file)


def torchvision_class(dataset: str) -> Any:
    """Torchvision's class of this name. To import it takes a second."""
    from torchvision import datasets

    return getattr(datasets, dataset)


def check_downloaded(folder: Path) -> None:
    """Raise an InputError for a damaged file among those of MNIST that torchvision keeps in this folder.

    It replaces a damaged archive without a word, and never looks at what it extracted before.
    """
    for name, (md5_gz, md5) in FILES.items():
        for path, expected in [(folder / f"{name}.gz", md5_gz), (folder / name, md5)]:
            try:
                if path.exists():
                    check_md5(path, expected)
            except InputError as error:
                raise InputError(f"{error}: delete it, and it will be downloaded again") from None


def download(dataset: str, folder: Path) -> None:
    """Download the files of one of torchvision's sets that are missing in `folder`, from its mirrors in turn.

    A file is in the folder when it is whole, and not before.

    Raises:
        RuntimeError: no mirror has it; tells why of each.
    """
    from torchvision.datasets.utils import download_and_extract_archive

    source = torchvision_class(dataset)
    folder.mkdir(parents=True, exist_ok=True)
    for name, md5 in source.resources:
        if (folder / Path(name).stem).is_file():
            continue
        failures = []
        for mirror in source.mirrors:
            with tempfile.TemporaryDirectory(dir=folder, prefix=".part") as part:
                here = folder / name
                if here.is_file():
                    shutil.copy(here, part)  # to be extracted
                try:
                    download_and_extract_archive(f"{mirror}{name}", part, filename=name, md5=md5)
                except DOWNLOAD_ERRORS as error:
                    corrupt = "File not found or corrupted" in str(error)
                    failures.append(f"{mirror}: {'another file, or a part of it' if corrupt else error}")
                    continue
                for file in (name, Path(name).stem):
                    (Path(part) / file).replace(folder / file)
                break
        else:
            raise RuntimeError(f"no mirror gave {name} ({'; '.join(failures)})")


@contextmanager
def socket_timeout(seconds: float) -> Iterator[None]:
    """Let connections that are opened meanwhile give up when nothing comes; torchvision's would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
