"""Every command that is printed does what it says when it is copied into a shell."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch import Callback, Trainer

from digits.__main__ import main
from tests.helpers import Digits, draw, slow, write_idx

PRINTED = re.compile(r"(?:Next:|To go on:|To take it:\n *) *(digits .+)$", re.MULTILINE)
SMALL = "--pictures false --trainer.accelerator cpu --data.batch_size 30 --trainer.max_epochs 2"
MNIST = "--data.data_dir 'my data' --data.val_size 60"
OWN = """
import time
import torch
from torch import nn
from lightning.pytorch import Callback
from digits.models import Classifier


class Net(Classifier):
    def __init__(self, width: int = 8, **training):
        super().__init__(**training)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.Linear(width, 10))


class SGD(Net):
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class StopEarly(Callback):
    def on_train_batch_end(self, trainer, *args):
        if trainer.global_step == 11:
            trainer.should_stop = True


class Slow(Callback):
    def on_train_batch_end(self, *args):
        time.sleep(0.3)
"""


class StopWithinEpoch(Callback):
    """Asks for an end in the middle of the second epoch."""

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        if trainer.global_step == 11:
            trainer.should_stop = True


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Digits:
    """Runs what a shell makes of a line, in a folder with small data, `mine.py` and configs; returns what is printed.

    All lines are run by this process, as most of the time of a process of its own is that of importing.
    """
    for name, values in zip(("train", "t10k"), (draw(300, seed=0), draw(90, seed=1)), strict=True):
        (tmp_path / "my data").mkdir(exist_ok=True)
        write_idx(tmp_path / "my data" / f"{name}-images-idx3-ubyte", values[0])
        write_idx(tmp_path / "my data" / f"{name}-labels-idx1-ubyte", values[1])
    images, labels = draw(200, seed=3)
    rows = [[*row, label] for row, label in zip(images.view(-1, 784).tolist(), labels.tolist(), strict=True)]
    names = [*(f"pixel{i}" for i in range(784)), "the digit"]
    for name in ("my train.csv", "my test.csv"):
        (tmp_path / name).write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]))
    (tmp_path / "mine.py").write_text(OWN)
    (tmp_path / "own net.yaml").write_text(
        "{model: {class_path: MLP, init_args: {hidden: [4]}}, data: {class_path: MNISTDataModule, init_args: "
        "{data_dir: my data, val_size: 60}}, trainer: {max_time: '00:00:00:03'}}"
    )

    def run(line: str) -> str:
        program = f"digits() {{ printf '%s\\0' \"$@\"; }}\n{line}"
        words = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True).stdout
        main(words.split("\0")[:-1])
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        f"--model MLP {MNIST} --name 'two words'",
        f"--model MLP {MNIST} --name \"it's\" --trainer.default_root_dir 'some where'",
        f"--config mlp {MNIST} --model.hidden [16]",
        f"--config mlp {MNIST} --name 1e3 --model.hidden '[8, 8]'",
        "--config 'own net.yaml' --model.hidden [16]",
        "--config mlp --config 'own net.yaml' --name null",
        f"--model mine.Net {MNIST} --model.width 4 --trainer.logger CSVLogger",
        f"--model mine.SGD {MNIST} --trainer.callbacks mine.StopEarly",
        f"--model MLP {MNIST} --trainer.callbacks mine.StopEarly --name=a/b",
        f"--model MLP {MNIST} --trainer.callbacks mine.Slow --trainer.max_time 00:00:00:02",
        "--config 'own net.yaml' --trainer.callbacks mine.Slow",
        f"--model MLP {MNIST} --trainer.callbacks lightning.pytorch.callbacks.LearningRateFinder "
        "--trainer.callbacks.num_training_steps 20 --trainer.callbacks+=mine.StopEarly",
        "--model MLP --data CSVDataModule --data.train 'my train.csv' --data.label 'the digit' --data.val_size 40",
        "--model MLP --data CSVDataModule --data.train 'my train.csv' --data.label 785 --data.val_size 0 --name=-x",
        "--model MLP --data CSVDataModule --data.train 'my train.csv' --data.test 'my test.csv' --data.label 785 "
        "--data.val_size 40",
    ],
)
def test_printed_commands_run_in_a_shell(shell: Digits, options: str) -> None:
    out = shell(f"digits fit {options} {SMALL}")
    commands = PRINTED.findall(out)
    assert commands, out
    for command in commands:
        said = shell(command)
        if command.startswith("digits fit"):
            assert "Nothing to train" not in said
            assert "Next:" in said
            commands += [one for one in PRINTED.findall(said) if one not in commands]


@pytest.mark.parametrize(
    "options",
    [
        ["--model=MLP", "--model.hidden=[16]", "--name=two words", "--trainer.max_time=00:01:00:00"],
        slow(["--config=other.yaml", "--model.hidden=[8]", "--trainer.default_root_dir=some where"]),
        slow(["--model=tests.test_custom_steps.Linear", "--data=tests.test_custom_steps.OwnLoaders", "--name=-x"]),
        ["--model=MLP", "--model.hidden=[16]", f"--trainer.callbacks={__name__}.StopWithinEpoch"],
    ],
)
def test_printed_commands_run_as_printed(
    digits: Digits, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.yaml").write_text("{model: {class_path: MLP, init_args: {hidden: [4]}}}")
    said = digits("fit", "--pictures=false", "--trainer.max_epochs=2", *options)
    assert bool("To go on:" in said) == ("StopWithinEpoch" in options[-1])
    if "To go on:" in said:
        (command,) = (one for one in PRINTED.findall(said) if one.startswith("digits fit"))
        main(shlex.split(command)[1:])
        said = capsys.readouterr().out
        assert "Nothing to train" not in said
        (seconds,) = re.findall(r"Epoch 2/2: ([\d.]+) s", said)
        assert float(seconds) < 600  # of this epoch, not since the machine was started
    (command,) = PRINTED.findall(said)
    main([*shlex.split(command)[1:], "--trainer.accelerator=cpu"])
    assert "Test accuracy" in capsys.readouterr().out
