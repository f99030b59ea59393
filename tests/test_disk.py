"""Disks that are full, fill up, or may not be written."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from digits import models
from digits.data import MNISTDataModule
from digits.data.mnist import FILES
from digits.errors import InputError
from digits.predictions.journal import Journal
from digits.runs import new_run
from digits.system.files import replacing, save_picture
from tests.helpers import SMALL_FIT, Digits, draw, write_idx


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs the rights to")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)  # also where a test has gone into it


def fill_up(disk: Path) -> None:
    """Leave nothing of a file system."""
    with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1024))


def read_only(disk: Path) -> None:
    """Let nothing be written to a file system."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def test_a_full_disk_leaves_the_file_that_was_there(small_disk: Path) -> None:
    path = small_disk / "predictions.csv"
    with replacing(path) as file:
        file.write("before")
    with pytest.raises(InputError, match=r"predictions\.csv can't be written: No space left"), replacing(path) as file:
        file.write("x" * 2_000_000)
    with pytest.raises(InputError, match=r"a\.png can't be written: No space left"):
        save_picture(small_disk / "a.png", Image.effect_noise((2000, 2000), 90))
    assert path.read_text() == "before"
    assert [path.name for path in small_disk.iterdir()] == ["predictions.csv"]


def test_a_disk_that_fills_up_while_training_leaves_the_last_checkpoint(
    small_disk: Path, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = models.MLP.on_validation_epoch_end

    def fill(self: models.MLP) -> None:
        scores(self)
        if self.current_epoch == 1:
            fill_up(small_disk)

    monkeypatch.setattr(models.MLP, "on_validation_epoch_end", fill)
    message = refused(
        "fit",
        *SMALL_FIT,
        "--trainer.max_epochs=2",
        "--trainer.logger=false",
        f"--trainer.default_root_dir={small_disk}",
    )
    assert "can't be written: No space left on device" in message
    last = torch.load(small_disk / "lightning_logs/MLP/version_0/checkpoints/last.ckpt", weights_only=True)
    assert last["epoch"] == 0


def test_a_full_disk_is_named_by_predict(small_disk: Path, trained: Digits, refused: Digits) -> None:
    trained()
    fill_up(small_disk)
    path = small_disk / "p.csv"
    assert f"{path} can't be written: No space left" in refused("predict", "--name=MLP", f"--predictions.path={path}")
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


def test_a_full_disk_leaves_no_empty_journal(small_disk: Path) -> None:
    fill_up(small_disk)
    with pytest.raises(InputError, match=r"p\.csv\.part can't be written: No space left"):
        Journal(small_disk / "p.csv", {"network": "a"})
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


@pytest.mark.parametrize("change", [fill_up, read_only])
@pytest.mark.parametrize(
    "command",
    [
        ("test", "--name=MLP"),
        ("test", "--name=MLP", "--trainer.logger=false"),
        ("predict", "--name=MLP"),
        ("export", "--name=MLP", "--format=weights"),
        ("export", "--name=MLP", "--format=torch-export"),
        ("fit", *SMALL_FIT),
    ],
    ids=lambda command: " ".join(command),
)
def test_every_command_names_what_a_disk_does_not_take(
    small_disk: Path,
    train_once: Callable[..., tuple[Path, str]],
    refused: Digits,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    change: Callable[[Path], None],
) -> None:
    monkeypatch.chdir(small_disk)
    shutil.copytree(train_once(*SMALL_FIT)[0], small_disk, dirs_exist_ok=True)
    change(small_disk)
    message = refused(*command)
    assert "No space left on device" in message or "Read-only file system" in message
    assert "lightning_logs" in message or "model" in message
    run = small_disk / "lightning_logs/MLP/version_0"
    assert torch.load(run / "checkpoints/last.ckpt", weights_only=True)["epoch"] == 0
    assert not list(small_disk.rglob(".*"))


def test_a_disk_that_fills_up_under_tensorboard_is_named(
    small_disk: Path, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = models.MLP.on_train_epoch_start

    def fill(self: models.MLP) -> None:
        begin(self)
        if self.current_epoch == 1:
            fill_up(small_disk)

    monkeypatch.setattr(models.MLP, "on_train_epoch_start", fill)
    message = refused(
        "fit",
        *SMALL_FIT,
        "--trainer.max_epochs=2",
        "--trainer.log_every_n_steps=1",
        f"--trainer.default_root_dir={small_disk}",
    )
    assert "lightning_logs/MLP/version_0" in message
    assert "can't be written: No space left on device" in message


def test_a_disk_that_may_not_be_written_is_read_and_named(small_disk: Path) -> None:
    for i, name in enumerate(FILES):
        values = draw(30, seed=0)[i % 2]
        write_idx(small_disk / f"{name}.gz", values)
    (small_disk / "empty").mkdir()
    read_only(small_disk)
    data = MNISTDataModule(data_dir=str(small_disk))
    data.prepare_data()
    data.setup("test")
    assert len(data.test) == 30
    with pytest.raises(InputError, match=r"could not download MNIST .*Read-only file system"):
        MNISTDataModule(data_dir=str(small_disk / "empty")).prepare_data()
    with pytest.raises(InputError, match=r"can't make a folder for the run .*Read-only file system"):
        new_run(small_disk / "runs")
