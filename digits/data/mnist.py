"""MNIST: bundled with the package, or downloaded by torchvision."""

import gzip
import hashlib
import math
from pathlib import Path
from typing import Any

import torch

from digits.data.base import Digits, DigitsDataModule
from digits.errors import InputError

BUNDLED = Path(__file__).parent / "mnist"

# The canonical files without ".gz", with the MD5 of the compressed and of the extracted form.
FILES = {
    "train-images-idx3-ubyte": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": ("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": ("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": ("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
}


def read_idx(path: Path) -> torch.Tensor:
    """Read an IDX file of unsigned bytes, gzipped if its name ends in ".gz".

    The format: two zero bytes, 8 for unsigned byte, the number of dimensions, each dimension as a big-endian
    32-bit integer, then the values.

    Returns:
        uint8, of the shape that the file states.

    Raises:
        InputError: the file is no such file, or holds less or more than it states.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): replace or delete it") from None
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise InputError(f"{path} is not an IDX file of unsigned bytes: replace or delete it")
    start = 4 + 4 * content[3]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    if len(content) - start != math.prod(shape):
        raise InputError(
            f"{path} holds {len(content) - start:,} values, but states {math.prod(shape):,}: replace or delete it"
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=start).view(shape)


def check_md5(path: Path, expected: str) -> None:
    """Raise InputError, naming `path`, if its content is not the expected one."""
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if actual != expected:
        raise InputError(f"{path} is truncated or altered (MD5 {actual}, expected {expected})")


class MNISTDataModule(DigitsDataModule):
    """MNIST: 60,000 training and 10,000 test images of handwritten digits (LeCun, Cortes and Burges, 1998).

    Args:
        data_dir: where torchvision keeps or downloads the files; without it, the copy in the package is read.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(self, data_dir: str | None = None, **shared: Any) -> None:
        super().__init__(**shared)
        self.data_dir = data_dir

    def prepare_data(self) -> None:
        if self.data_dir is None:
            return
        from torchvision.datasets import MNIST  # takes a second to import, and only this needs it

        raw = Path(self.data_dir) / "MNIST" / "raw"
        # torchvision replaces a damaged archive without a word and never looks at what it extracted before.
        for name, (md5_gz, md5) in FILES.items():
            for path, expected in [(raw / f"{name}.gz", md5_gz), (raw / name, md5)]:
                if path.exists():
                    try:
                        check_md5(path, expected)
                    except InputError as error:
                        raise InputError(f"{error}: delete it, and it will be downloaded again") from None
        try:
            MNIST(self.data_dir, download=True)
        except (RuntimeError, OSError) as error:
            raise InputError(
                f"could not download MNIST to {raw}: {error}. "
                "Try again later, put the four .gz files there, or leave out --data.data_dir to use the bundled copy"
            ) from None

    def load(self, split: str) -> Digits:
        prefix = "train" if split == "train" else "t10k"
        images, labels = (self._read(f"{prefix}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
        return Digits(images, labels.long())

    def _read(self, name: str) -> torch.Tensor:
        if self.data_dir is not None:  # as `prepare_data` left it
            return read_idx(Path(self.data_dir) / "MNIST" / "raw" / name)
        path = BUNDLED / f"{name}.gz"
        if not path.exists():
            raise InputError(f"{path} is missing: install the package again")
        check_md5(path, FILES[name][0])
        return read_idx(path)
