import gc
import os
import shutil
import signal
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many tests run at once as there are cores

from digits.cli import main
from tests.helpers import SMALL, Digits, draw, replace_bundled, write_idx

gc.freeze()  # what is imported stays: to look for garbage in it took a twentieth of the time of the tests


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> None:
    """Signals do what they usually do, also where tests run under nohup or in the background, which ignore some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_DFL)


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four small files like the bundled ones: 300 training and 90 test images."""
    folder = tmp_path_factory.mktemp("small")
    for prefix, n in [("train", 300), ("t10k", 90)]:
        for kind, values in zip(["images-idx3", "labels-idx1"], draw(n, seed=n), strict=True):
            write_idx(folder / f"{prefix}-{kind}-ubyte.gz", values)
    return folder


@pytest.fixture
def tiny_mnist(small_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the small files, a copy for this test alone, in place of the bundled ones."""
    folder = shutil.copytree(small_files, tmp_path / "bundled")
    replace_bundled(folder, monkeypatch)
    return folder


@pytest.fixture
def digits(
    tiny_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Digits:
    """`digits("fit", ...)` runs the command line on the tiny data in an empty folder, and returns what it printed.

    Nothing is drawn without --pictures=true: it takes three times as long as all the rest.
    """
    monkeypatch.chdir(tmp_path)

    def run(command: str, *args: str) -> str:
        main([command, *SMALL, *args])
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
