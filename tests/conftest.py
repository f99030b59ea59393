import hashlib
import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many tests run at once as there are cores

from digits.cli import main
from digits.data import mnist
from tests.helpers import Digits, draw, write_idx


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
