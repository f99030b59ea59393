import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading

import pytest
import torch

from digits.callbacks.report import class_table
from digits.callbacks.terminal import ProgressBar, epoch_line
from digits.console import columns, highlight
from tests.helpers import Digits, slow

FIT = ("fit", "--model=MLP", "--trainer.max_epochs=2", "--name=run")


class Terminal:
    """A terminal, which becomes the output once its width is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.master, self.slave = pty.openpty()
        self.output = io.TextIOWrapper(os.fdopen(self.slave, "wb", buffering=0), "utf-8", write_through=True)
        self.received = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while data := os.read(self.master, 65536):
                self.received += data

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        for name in ("stdout", "__stdout__"):  # the latter for shutil, which asks it for the width
            self.monkeypatch.setattr(sys, name, self.output)

    def close(self) -> str:
        """All that was written."""
        self.output.close()
        self.reader.join(timeout=10)
        os.close(self.master)
        return self.received.decode()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, digits: Digits) -> Terminal:
    """A terminal with colours."""
    for name in ("NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal(monkeypatch)


def on_screen(text: str, columns: int) -> list[str]:
    """What stands on a terminal that got `text`; fails where one wraps that is no command or path to copy."""
    lines: list[str] = [""]
    x = y = 0
    for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", text, re.DOTALL):
        if token == "\r":
            x = 0
        elif token == "\n":
            y += 1
        elif token.startswith("\x1b["):
            y -= int(token[2:-1] or 1) if token.endswith("A") else 0
        else:
            assert x < columns or lines[y].startswith(("Next: ", "Checkpoint: ")), f"{lines[y]!r} wraps"
            lines[y] = lines[y].ljust(x)[:x] + token + lines[y][x + 1 :]
            x += 1
        lines += [""] * (y + 1 - len(lines))
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("columns", [60, 80, slow(200)])
def test_epochs_and_tables_have_lines_of_their_own(digits: Digits, terminal: Terminal, columns: int) -> None:
    terminal.resize(columns)
    digits(*FIT)
    digits("test", "--name=run")
    text = terminal.close()
    assert "100%|" in text  # there were bars
    lines = on_screen(text, columns)
    epochs = [line for line in lines if line.startswith("Epoch ")]
    forms = {
        60: r"Epoch [12]/2: \d+\.\d s, acc [\d.]+%, val_acc [\d.]+%",
        80: r"Epoch [12]/2: \d+\.\d s, loss [\d.]+, acc [\d.]+%, val_loss [\d.]+, val_acc [\d.]+%",
        200: r"Epoch [12]/2: \d+\.\d s, loss [\d.]+, accuracy [\d.]+%, val_loss [\d.]+, val_accuracy [\d.]+%",
    }
    assert len(epochs) == 2
    assert all(re.fullmatch(forms[columns], line) for line in epochs)
    assert lines[lines.index(epochs[1]) + 1].startswith("Best validation accuracy")  # and no bar between them
    (header,) = (i for i, line in enumerate(lines) if line.split()[:2] == ["class", "images"])
    assert [line.split()[0] for line in lines[header + 1 : header + 11]] == [str(n) for n in range(10)]
    assert not any("|" in line for line in lines)  # bars leave nothing


def test_colours_are_for_terminals_that_want_them(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.resize(80)
    assert highlight("word") == "\033[32mword\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert highlight("word") == "word"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert highlight("word") == "word"
    assert not ProgressBar().is_enabled
    assert columns() == 80  # it has lines, if no colours
    monkeypatch.setenv("TERM", "xterm")
    assert ProgressBar().is_enabled
    terminal.close()


def test_a_line_that_is_too_long_is_shortened_from_its_least_important_part() -> None:
    metrics = {"loss": "0.0497", "accuracy": "98.17%", "val_loss": "0.0257", "val_accuracy": "99.66%"}
    for width in (None, 200, 80, 60):
        line = epoch_line("Epoch 100/100", 123.4, metrics, width)
        assert width is None or len(line) < width
        assert "98.17%" in line
        assert "99.66%" in line
    matrix = torch.full((26, 26), 7)
    names = [chr(65 + i) for i in range(26)]
    assert max(map(len, class_table(matrix, names, 80).splitlines())) < 80
    assert "Y ×7" in class_table(matrix, names)


@pytest.mark.slow
@pytest.mark.parametrize("closing", ["", ">&-"])
def test_any_output_will_do(closing: str) -> None:
    program = "from digits.__main__ import main; main(['--version']); print('more')"
    if not closing:  # which takes seconds to import
        program += "; from digits.callbacks.report import class_table as t; import torch"
        program += "; print(t(torch.full((2, 2), 3), ['a', 'b']))"
    command = f'{sys.executable} -c "{program}" {closing}'
    result = subprocess.run(
        command, shell=True, capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert ("b ?3" in result.stdout) == (not closing)
