"""Damaged files of every kind: what is read from them is well-formed, or an error that is meant for people.

FUZZ=20000 pytest tests/test_fuzz.py     # inputs for each of the three readers
"""

import contextlib
import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from digits.data.csv import read_csv
from digits.data.idx import check_pair, read_idx
from digits.data.pictures import load_one
from digits.errors import InputError

fuzz = settings(
    max_examples=int(os.environ.get("FUZZ", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize="FUZZ" not in os.environ,
    database=None,
)


def idx(shape: tuple[int, ...]) -> bytes:
    header = bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)
    return header + bytes(range(256)) * (int(np.prod(shape)) // 256) + bytes(int(np.prod(shape)) % 256)


def table(header: bool, label: bool, rows: int) -> bytes:
    names = [*(["label"] if label else []), *(f"pixel{i}" for i in range(784))]
    lines = [",".join(names)] if header else []
    return "\n".join([*lines, *[",".join(str(i % 10) for i in range(len(names)))] * rows]).encode()


def picture(format: str, mode: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 90).convert(mode).save(file, format)
    return file.getvalue()


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", content)
    return file.getvalue()


IDX = [idx((3, 28, 28)), idx((3,)), idx((2, 3)), gzip.compress(idx((3, 28, 28))), b""]
TABLES = [table(header, label, 3) for header in (True, False) for label in (True, False)]
TABLES += [gzip.compress(TABLES[0]), zipped(TABLES[0]), b"", b"\xff\xfe"]
PICTURES = [
    picture(*kind)
    for kind in (("png", "L"), ("png", "RGBA"), ("jpeg", "RGB"), ("gif", "P"), ("bmp", "RGB"), ("tiff", "L"))
]
PICTURES += [picture("webp", "RGB"), b""]


@st.composite
def damaged(draw: Callable, sources: list[bytes]) -> bytes:
    """One of the sources with some bytes replaced, inserted or cut out; or nothing but random bytes."""
    content = bytearray(draw(st.one_of(st.sampled_from(sources), st.binary(max_size=200))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        cut = draw(st.sampled_from([0, 1, 1, 4, 100, len(content)]))
        content[at : at + cut] = draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"\0", b"\xff" * 4, b",", b'"']))
        )
    return bytes(content)


@fuzz
@example(content=b"\0\0\x0c", suffix="")
@given(content=damaged(IDX), suffix=st.sampled_from(["", ".gz"]))
def test_damaged_idx_files_give_images_or_an_input_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        values = read_idx(path)
        check_pair(values, torch.zeros(len(values)), "x")
        assert values.shape[1:] == (28, 28)
        assert values.dtype == torch.uint8


@fuzz
@given(content=damaged(TABLES), suffix=st.sampled_from([".csv", ".csv.gz", ".zip"]))
def test_damaged_csv_files_give_images_or_an_input_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        images, labels = read_csv(path)
        assert images.shape == (len(images), 28, 28)
        assert labels is None or (labels.shape == (len(images),) and labels.min() >= 0 and labels.max() <= 9)


@fuzz
@given(content=damaged(PICTURES), multiple_digits=st.booleans())
@pytest.mark.filterwarnings("ignore")
def test_damaged_pictures_give_an_image_or_a_note(tmp_path: Path, content: bytes, multiple_digits: bool) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    for image, note, _ in load_one(path, multiple_digits=multiple_digits):
        assert image.shape == (28, 28)
        assert image.dtype == np.uint8
        assert image.any() != bool(note)
