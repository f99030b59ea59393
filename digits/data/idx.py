"""IDX files, the format of MNIST's own: images and labels as unsigned bytes."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digits.data.unpacking import open_unpacked
from digits.errors import InputError

CHUNK = 1 << 20  # bytes that are read at a time
KINDS: dict[bytes, np.dtype[Any]] = {b"\0\0\x08": np.dtype("u1"), b"\0\0\x0c": np.dtype(">i4")}


def read_idx(path: Path, member: str = "") -> torch.Tensor:
    """Read an IDX file of unsigned bytes or 32-bit integers, gzipped if its name ends in ".gz".

    The format: two zero bytes, 8 for unsigned bytes or 12 for integers, the number of dimensions, each dimension as a
    big-endian 32-bit integer, then the values, big-endian, too.

    Args:
        path: the file, or a .zip archive.
        member: the name of the file in the archive.

    Returns:
        uint8 or int32, of the shape that the file states.

    Raises:
        InputError: the file is no such file, or holds less or more than it states.
    """
    with open_unpacked(path, member) as file:
        path = file.path
        head = file.read(4)
        kind = KINDS.get(head[:3]) if len(head) == 4 else None
        sizes = b"" if kind is None else file.read(4 * head[3])
        if kind is None or len(sizes) < 4 * head[3]:
            raise InputError(f"{path} is not an IDX file of unsigned bytes: replace or delete it")
        shape = [int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4)]
        if not 1 <= len(shape) <= 8 or not all(shape):
            raise InputError(f"{path} states a shape of {'×'.join(map(str, shape))}: replace or delete it")
        stated, content = math.prod(shape), bytearray()
        while len(content) <= stated * kind.itemsize and (more := file.read(CHUNK)):
            content += more
    if len(content) != stated * kind.itemsize:
        held = f"{len(content) // kind.itemsize:,}" if len(content) < CHUNK else "more"  # reading stopped there
        raise InputError(f"{path} holds {held} values, but states {stated:,}: replace or delete it")
    values = np.frombuffer(content, kind)
    return torch.from_numpy(values if kind.itemsize == 1 else values.astype(np.int32)).view(shape)


def check_md5(path: Path, expected: str) -> None:
    """Raise InputError, naming `path`, if its content is not the expected one."""
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if actual != expected:
        raise InputError(f"{path} is truncated or altered (MD5 {actual}, expected {expected})")


def check_pair(images: torch.Tensor, labels: torch.Tensor, where: str, classes: int = 10) -> None:
    """Raise InputError unless these are 28×28 images with a label from 0 to `classes` - 1 each."""
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != torch.uint8:
        raise InputError(f"{where}: the images are {tuple(images.shape)}, not (N, 28, 28): are the files swapped?")
    if labels.shape != images.shape[:1]:
        raise InputError(f"{where}: there are {len(images)} images, but {tuple(labels.shape)} labels")
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        raise InputError(f"{where}: the labels run to {labels.max()}, not from 0 to {classes - 1}")
