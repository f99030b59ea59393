import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many tests run at once as there are cores
gc.disable()  # what is imported stays: to look for garbage in it takes a sixth of the time of the imports

from digits.cli import main  # noqa: E402
from digits.options.arguments import ArgumentsCLI  # noqa: E402
from tests.helpers import SMALL, SMALL_FIT, Digits, draw, replace_bundled, write_idx  # noqa: E402

gc.freeze()  # nor is it looked for there later, which took a twentieth of the time of the tests
gc.enable()


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> None:
    """Signals do what they usually do, also where tests run under nohup or in the background, which ignore some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def parsers() -> Iterator[dict[tuple[str, ...], dict[str, Any]]]:
    """The parsers of LightningCLI's commands, each built once: that took a quarter of the time of most commands."""
    built: dict[tuple[str, ...], dict[str, Any]] = {}
    build = ArgumentsCLI.setup_parser

    def setup_parser(self: ArgumentsCLI, *args: Any, **kwargs: Any) -> None:
        commands = tuple(self.subcommands())
        if not built.get(commands):
            build(self, *args, **kwargs)
            names = ("parser", "_subcommand_parsers", "_subcommand_method_arguments")
            built[commands] = {name: vars(self)[name] for name in names}
        vars(self).update(built[commands])

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ArgumentsCLI, "setup_parser", setup_parser)
        yield built


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


@pytest.fixture(scope="session")
def train_once(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, str]]:
    """`train_once(...)` runs `digits fit` on the tiny data, once with the same options.

    It returns the folder, which is to be copied before anything is changed in it, and what was printed.
    """

    @cache
    def run(*args: str) -> tuple[Path, str]:
        folder, printed = tmp_path_factory.mktemp("trained"), StringIO()
        with pytest.MonkeyPatch.context() as monkeypatch, redirect_stdout(printed), redirect_stderr(StringIO()):
            replace_bundled(small_files, monkeypatch)
            monkeypatch.chdir(folder)
            main(["fit", *SMALL, *args])
        return folder, printed.getvalue()

    return run


@pytest.fixture
def trained(digits: Digits, tmp_path: Path, train_once: Callable[..., tuple[Path, str]]) -> Digits:
    """Like `digits("fit", ...)`, by default of a small MLP, for tests of what is done with a run.

    It is trained once for all tests that ask for the same, so before they change how; each has a copy.
    """

    def copy(*args: str) -> str:
        folder, printed = train_once(*(args or SMALL_FIT))
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        return printed

    return copy


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
