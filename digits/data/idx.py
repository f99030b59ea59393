"""IDX files, the format of MNIST's own: images and labels as unsigned bytes."""

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import torch

from digits.errors import InputError


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
    except (gzip.BadGzipFile, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{path} is damaged ({error}): replace or delete it") from None
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise InputError(f"{path} is not an IDX file of unsigned bytes: replace or delete it")
    start = 4 + 4 * content[3]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    if not 1 <= len(shape) <= 8 or not all(shape):
        raise InputError(f"{path} states a shape of {'×'.join(map(str, shape))}: replace or delete it")
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


def check_pair(images: torch.Tensor, labels: torch.Tensor, where: str) -> None:
    """Raise InputError unless these are 28×28 images with a label from 0 to 9 each."""
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise InputError(f"{where}: the images are {tuple(images.shape)}, not (N, 28, 28): are the files swapped?")
    if labels.shape != images.shape[:1]:
        raise InputError(f"{where}: there are {len(images)} images, but {tuple(labels.shape)} labels")
    if len(labels) and (labels.min() < 0 or labels.max() > 9):
        raise InputError(f"{where}: the labels run to {labels.max()}, not from 0 to 9")
