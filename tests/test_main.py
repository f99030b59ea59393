"""Which command is meant is found out without torch, and a process ends when all that it started has ended."""

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits import __version__
from digits.__main__ import main, search_working_directory
from digits.console import COMMANDS, usage

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    path = f"{ROOT}{os.pathsep}{folder or ROOT}"
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, cwd=folder)


def test_help_lists_each_command_and_its_short_form_and_nothing_are_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = []
    for args in ([], ["-h"], ["--help"]):
        main(args)
        printed.append(capsys.readouterr().out)
    assert printed == [usage() + "\n"] * 3
    assert printed[0].startswith("usage: digits COMMAND")
    words = " ".join(printed[0].split())
    assert all(f"{name} {text}" in words for name, text in COMMANDS.items())
    assert max(map(len, printed[0].splitlines())) <= 80
    main(["--version"])
    assert capsys.readouterr().out == f"digits {__version__}\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["fti"], "there is no command fti: did you mean fit? (commands: digits --help)"),
        (["Predict"], "there is no command Predict: did you mean predict? (commands: digits --help)"),
        (["./"], "there is no command ./: did you mean digits predict ./?"),
        (["xyzzy"], "there is no command xyzzy (commands: digits --help)"),
        (["--verson"], "there is no option --verson: did you mean --version? (options: digits --help)"),
        (["--hlep", "fit"], "there is no option --hlep: did you mean --help? (options: digits --help)"),
        (["compare"], "the following arguments are required: runs (options: digits compare --help)"),
        (
            ["compare", "a", "--pictrue=b"],
            "unrecognized arguments: --pictrue=b: did you mean --picture? (options: digits compare --help)",
        ),
        (["train", "--config=mlp"], "there is no command train: did you mean fit? (commands: digits --help)"),
        (["trian"], "there is no command trian: did you mean fit? (commands: digits --help)"),
        (
            ["fit", "--help_all"],
            "unrecognized arguments: --help_all: did you mean --help-all? (options: digits fit --help)",
        ),
        (
            ["predict", "--jsn", "7.png"],
            "unrecognized arguments: --jsn 7.png: did you mean --json? (options: digits predict --help)",
        ),
        (
            ["fit", "my/own.yaml"],
            "unrecognized arguments: my/own.yaml: did you mean --config my/own.yaml? (options: digits fit --help)",
        ),
        (["fit", "mlp"], "unrecognized arguments: mlp: did you mean --config mlp? (options: digits fit --help)"),
        (
            ["fit", "--lr", "0.1"],
            "unrecognized arguments: --lr 0.1: did you mean --model.lr? (options: digits fit --help)",
        ),
        (
            ["fit", "--num-epochs=3"],
            "unrecognized arguments: --num-epochs=3: did you mean --trainer.max_epochs? (options: digits fit --help)",
        ),
        (
            ["fit", "--config=mlp", "--model.learning_rate=0.1"],
            "model: MLP: Option 'learning_rate' is not accepted: did you mean --model.lr? (options: digits fit --help)",
        ),
        (
            ["predict", "--source", "7.png"],
            "unrecognized arguments: --source 7.png: pictures are named without an option "
            "(options: digits predict --help)",
        ),
        (
            ["fit", "--data=ImageDataModule"],
            "--data.path is missing, which ImageDataModule needs (options: digits fit --help)",
        ),
        (["demo", "--port=80000"], "--port 80000: a port is a number from 1 to 65535"),
        (
            ["fit", "--config=mlp", "--trainer.limit_train_batches=50%"],
            "trainer.limit_train_batches: expected int or float, got 50% (options: digits fit --help)",
        ),
        (
            ["fit", "--config=mlp", "--trainer.max_epochs=1e1"],
            "trainer.max_epochs: expected int, got 10.0, got 1e1 (options: digits fit --help)",
        ),
        (
            ["fit", "--model=MLP", "--model.hidden=5"],
            "model: MLP: hidden: expected list, got 5 (options: digits fit --help)",
        ),
        (
            ["fit", "--config=mlp", "--trainer.limit_val_batches=a"],
            "trainer.limit_val_batches: expected int or float, got a (options: digits fit --help)",
        ),
        (
            ["fit", "--config=mlp", "--trainer.benchmark=7"],
            "trainer.benchmark: expected true or false, got 7 (options: digits fit --help)",
        ),
        (
            ["fit", "--config=mlp", "--trainer.deterministic=7"],
            "trainer.deterministic: expected true or false or one of 'warn', got 7 (options: digits fit --help)",
        ),
        (["predict", "7.png", "--tta=2"], "tta: expected true or false, got 2 (options: digits predict --help)"),
        (["fit", "--config="], "--config is empty: give a file, or the name of a config (see `digits list`)"),
        (["fit", "--config", ""], "--config is empty: give a file, or the name of a config (see `digits list`)"),
        (["predict", "7.png", "--output="], "--output names no file: give one"),
        (["compare", "", "--picture="], "the name of a run is empty"),
        (["demo", "--ckpt_path="], "the name of a checkpoint is empty"),
        (["demo", "--port=x"], "port: expected int, got x (options: digits demo --help)"),
    ],
)
def test_what_is_not_there_is_named_and_the_nearest_suggested(args: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as info:
        main(args)
    assert info.value.code == f"error: {message}"


@pytest.mark.parametrize("args", ["", "--help", "--version", "fti", "--hlep", "compare --help", "demo --help"])
def test_answers_that_need_no_torch_do_not_import_it(args: str) -> None:
    code = (
        "import runpy, sys, atexit\n"
        "heavy = ('torch', 'lightning', 'numpy', 'matplotlib', 'PIL', 'scipy', 'yaml')\n"
        "atexit.register(lambda: print('imported:', *[name for name in heavy if name in sys.modules]))\n"
        f"sys.argv = ['digits', *{args.split()}]\n"
        "runpy.run_module('digits', run_name='__main__')"
    )
    result = run("-c", code)
    imported = result.stdout.splitlines()[-1].removeprefix("imported:").split()
    assert set(imported) <= ({"yaml"} if args.startswith(("compare", "demo")) else set())  # jsonargparse's
    assert result.returncode == (1 if args in ("fti", "--hlep") else 0)


def test_predicting_imports_no_training_code(tmp_path: Path) -> None:
    Image.fromarray(np.pad(np.full((12, 4), 255, np.uint8), 20)).save(tmp_path / "1.png")
    code = (
        "import sys; from digits import load; from digits.__main__ import main\n"
        "main(['predict', '1.png']); load('pretrained').predict('1.png')\n"
        "heavy = ('torch', 'lightning', 'torchmetrics', 'torchvision', 'tensorboard', 'torch._dynamo', 'matplotlib')\n"
        "print(*[name for name in heavy if name in sys.modules])"
    )
    result = run("-c", code, folder=tmp_path)
    assert result.stdout.splitlines()[1:] == ["torch"], result.stderr


def test_the_console_script_is_the_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"digits": "digits.__main__:main"}
    for args in ("--version", "fti"):
        as_script = run("-c", f"import sys; sys.argv[1:] = {args.split()}; from digits.__main__ import main; main()")
        as_module = run("-m", "digits", *args.split())
        assert (as_script.stdout, as_script.stderr) == (as_module.stdout, as_module.stderr)
        assert as_script.returncode == as_module.returncode


@pytest.mark.parametrize(
    ("raised", "status", "errors"),
    [
        ("SystemExit()", 0, ""),
        ("SystemExit('no')", 1, "no\n"),
        ("KeyboardInterrupt()", 130, ""),
        ("ValueError('bug')", 1, "ValueError: bug\n"),
    ],
)
def test_the_process_ends_with_the_status_and_the_words_of_the_command(
    raised: str, status: int, errors: str, tmp_path: Path
) -> None:
    result = run("-c", START.format(f"raise {raised}"), folder=tmp_path)
    assert (result.returncode, result.stdout) == (status, "last\n")
    assert result.stderr.endswith(errors)
    assert bool(result.stderr) == bool(errors)


# The command line, with a stand-in for the module that takes seconds to import.
START = """
import atexit, runpy, sys, threading, time, types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

def write(name):
    time.sleep(0.3)
    Path(name).write_text("whole")

def main(args):
    {}

sys.modules["digits.cli"] = types.SimpleNamespace(main=main)
sys.argv = ["digits", "fit"]
atexit.register(print, "last")
runpy.run_module("digits", run_name="__main__")
"""


@pytest.mark.parametrize(
    "start", ["threading.Thread(target=write, args=['file']).start()", "ThreadPoolExecutor(2).submit(write, 'file')"]
)
@pytest.mark.parametrize("end", ["", "; sys.exit('error: x')", "; raise KeyboardInterrupt"])
def test_threads_end_before_the_process(start: str, end: str, tmp_path: Path) -> None:
    result = run("-c", START.format(start + end), folder=tmp_path)
    assert (tmp_path / "file").read_text() == "whole"
    assert result.stdout == "last\n"


@pytest.mark.slow
def test_threads_of_a_callback_end_before_the_process(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import threading, time\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from pathlib import Path\n"
        "from lightning.pytorch import Callback\n"
        "def write(name):\n"
        "    time.sleep(2)\n"
        "    Path(name).write_text('whole')\n"
        "class Uploading(Callback):\n"
        "    def on_train_end(self, trainer, pl_module):\n"
        "        threading.Thread(target=write, args=['thread']).start()\n"
        "        ThreadPoolExecutor(1).submit(write, 'executor')\n"
    )
    options = "--model=MLP --trainer.callbacks=mine.Uploading --trainer.fast_dev_run=true --trainer.accelerator=cpu"
    result = run("-m", "digits", "fit", *options.split(), folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "thread").read_text() == (tmp_path / "executor").read_text() == "whole"


def test_the_console_script_finds_modules_in_the_working_directory(tmp_path: Path) -> None:
    script = tmp_path / "bin/digits"
    script.parent.mkdir()
    script.write_text(
        "import sys, types\n"
        "def main(args): import mine; print(mine.__name__, args)\n"
        "sys.modules['digits.cli'] = types.SimpleNamespace(main=main)\n"  # the real one takes seconds to import
        "from digits.__main__ import main\n"
        "main()\n"
    )
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "mine.py").touch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), "fit"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    assert result.stdout == "mine ['fit']\n", result.stderr


def test_modules_in_the_working_directory_hide_none_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("of_mine", "antigravity"):  # Python has the second, too
        (tmp_path / f"{name}.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    search_working_directory()
    here = {name: importlib.util.find_spec(name) for name in ("of_mine", "antigravity")}
    assert {name for name, spec in here.items() if spec and Path(spec.origin or "").parent == tmp_path} == {"of_mine"}
