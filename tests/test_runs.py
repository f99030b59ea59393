import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from digits import runs
from digits.checkpoint import Checkpoint
from digits.errors import InputError
from digits.runs import (
    better_run,
    choose_checkpoint,
    find_checkpoint,
    new_run,
    newest_checkpoint,
    run_of,
    tell_of_better,
)


def test_runs_are_numbered_and_never_shared(tmp_path: Path) -> None:
    (tmp_path / "version_7").mkdir()
    (tmp_path / "version_7_old").mkdir()
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: new_run(tmp_path), range(40)))
    assert sorted(int(run.name.removeprefix("version_")) for run in runs) == list(range(8, 48))


def test_a_name_that_is_too_long_is_refused_with_the_reason_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"folder for the run \(File name too long\): choose another .* --name"):
        new_run(tmp_path / ("x" * 300))


def test_newest_checkpoint_skips_runs_without_one(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "absent", "best") is None
    for name in ("version_2/checkpoints/best.ckpt", "version_10/checkpoints/best.ckpt", "version_11/x", "old/y"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert newest_checkpoint(tmp_path, "best") == tmp_path / "version_10/checkpoints/best.ckpt"
    last = tmp_path / "version_12/checkpoints/last.ckpt"
    last.parent.mkdir(parents=True)
    last.touch()
    assert newest_checkpoint(tmp_path, "best") == last


def test_the_run_of_a_checkpoint_is_the_folder_above_it(tmp_path: Path) -> None:
    assert run_of(tmp_path / "version_3/checkpoints/best.ckpt") == tmp_path / "version_3"
    assert run_of(tmp_path / "best.ckpt") is None
    assert run_of(tmp_path / "renamed/checkpoints/best.ckpt") is None
    (tmp_path / "renamed").mkdir()
    (tmp_path / "renamed/config.yaml").touch()
    assert run_of(tmp_path / "renamed/checkpoints/best.ckpt") == tmp_path / "renamed"


def test_a_run_that_was_renamed_is_named_where_no_other_is_left(tmp_path: Path) -> None:
    checkpoint = tmp_path / "mlp/favourite/checkpoints/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    with pytest.raises(InputError, match=r"mlp has no version_N with a checkpoint: give --ckpt_path .*mlp/favourite$"):
        choose_checkpoint("test", None, tmp_path / "mlp", "--config mlp", "digits fit")


class Trap:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_files_that_are_no_checkpoints_are_refused_and_nothing_in_them_runs(tmp_path: Path) -> None:
    path, sprung = tmp_path / "x.ckpt", tmp_path / "sprung"
    torch.save({"class_path": "digits.models.MLP", "state_dict": {}, "hyper_parameters": Trap(sprung)}, path)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], pickle.dumps(Trap(sprung))):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"x\.ckpt is damaged or not a checkpoint"):
            Checkpoint.read(path)
        with pytest.raises(InputError, match=r"x\.onnx is an exported file, for other programs: give the checkpoint"):
            Checkpoint.read(path.rename(tmp_path / "x.onnx"))
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"x\.ckpt is no checkpoint: it holds objects of Python, which are not loaded"):
        Checkpoint.read(path)
    with pytest.raises(InputError, match="no such file"):
        Checkpoint.read(tmp_path)
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"0.weight": torch.zeros(2)}, "holds weights alone, and does not name the class"),
        ({"state_dict": {"0.weight": torch.zeros(2)}}, "is a checkpoint of another program, and does not name"),
        ({"epoch": 3}, "is not a checkpoint of a digits model"),
        ({}, "is not a checkpoint of a digits model"),
    ],
)
def test_what_other_programs_save_is_told_from_a_checkpoint(tmp_path: Path, content: Any, told: str) -> None:
    torch.save(content, tmp_path / "x.ckpt")
    with pytest.raises(InputError, match=rf"x\.ckpt {told}"):
        Checkpoint.read(tmp_path / "x.ckpt")


def test_an_older_run_that_validated_better_is_named(tmp_path: Path) -> None:
    errors = {"version_0": "0.02", "version_1": "0.01", "version_2": "0.03"}
    for name, error in errors.items():
        checkpoint = tmp_path / name / "checkpoints/best.ckpt"
        checkpoint.parent.mkdir(parents=True)
        checkpoint.touch()
        (tmp_path / name / "metrics.csv").write_text(f"epoch,val/error\n1,0.5\n2,{error}\n")
    better = better_run(tmp_path / "version_2")
    assert better is not None
    assert better.folder == tmp_path / "version_1"
    assert better_run(tmp_path / "version_1") is None
    told: list[str] = []
    for source in (str(tmp_path), str(tmp_path / "version_2"), "pretrained"):
        tell_of_better(source, told.append)
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path.name}/version_1 validated better, 1.00% wrong: --ckpt_path ")
    (tmp_path / "version_1/config.yaml").write_text("trainer:\n  limit_val_batches: 2\n")  # no measure for others
    better = better_run(tmp_path / "version_2")
    assert better is not None
    assert better.folder == tmp_path / "version_0"
    assert better_run(tmp_path / "version_1") is None


def test_the_folder_of_checkpoints_is_that_of_its_run_and_a_file_in_another_is_named(tmp_path: Path) -> None:
    best = tmp_path / "mlp/version_0/checkpoints/best.ckpt"
    other = tmp_path / "mine/a.ckpt"
    for path in (best, best.with_name("last.ckpt"), other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert find_checkpoint(best.parent) == best
    assert find_checkpoint(best.parent, "last").name == "last.ckpt"
    with pytest.raises(InputError, match=r"mine is no folder of a run: give a file in it, such as .*mine/a\.ckpt"):
        find_checkpoint(other.parent)


def test_weights_that_the_package_lacks_are_no_typo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PRETRAINED", tmp_path / "digits.zip/digits/pretrained.ckpt")
    with pytest.raises(InputError, match=r"the package has no pretrained\.ckpt, or lies in an archive: install it"):
        find_checkpoint("pretrained")
