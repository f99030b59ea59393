import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many tests run at once as there are cores

import torch
from torch import Tensor

from digits.cli import main
from digits.data import mnist


def draw(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images that are easy to tell apart: a bright bar at a height that depends on the class, and noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 10
    images = torch.randint(0, 60, (n, 28, 28), generator=generator, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[4 + 2 * label : 6 + 2 * label, 4:24] = 255
    return images, labels


def write_idx(path: Path, values: Tensor) -> None:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = header + values.to(torch.uint8).numpy().tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def tiny_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four small files in place of the bundled ones: 300 training and 90 test images."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    md5 = {}
    for prefix, n in [("train", 300), ("t10k", 90)]:
        for kind, values in zip(["images-idx3", "labels-idx1"], draw(n, seed=n), strict=True):
            path = folder / f"{prefix}-{kind}-ubyte.gz"
            write_idx(path, values)
            md5[path.stem] = (hashlib.md5(path.read_bytes()).hexdigest(), "")
    monkeypatch.setattr(mnist, "BUNDLED", folder)
    monkeypatch.setattr(mnist, "FILES", md5)
    return folder


Digits = Callable[..., str]


@pytest.fixture
def digits(
    tiny_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Digits:
    """`digits("fit", ...)` runs the command line on the tiny data in an empty folder, and returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(command: str, *args: str) -> str:
        main([command, "--data.val_size=60", "--data.batch_size=30", "--trainer.accelerator=cpu", *args])
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(digits: Digits) -> Digits:
    """Like `digits`, for what must fail: returns the error, which must be short and no traceback."""

    def run(command: str, *args: str) -> str:
        with pytest.raises(SystemExit) as info:
            digits(command, *args)
        message = info.value.code
        assert isinstance(message, str)
        assert message.startswith("error: ")
        assert len(message) < 400
        assert "\n" not in message
        return message

    return run
