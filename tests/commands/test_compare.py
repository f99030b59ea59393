import json
import shutil
from pathlib import Path

import pytest

from digits.__main__ import main
from digits.commands.compare import other_images, row_of_run
from digits.data import MNISTDataModule
from digits.data.mixed import VAL_SIZE
from digits.options.config_files import describe
from digits.records import RunRecord
from digits.runs import PRETRAINED
from tests.helpers import Digits

FIT = ("--model=LargeCNN", "--trainer.max_epochs=2", "--name=run")
RUN = Path("lightning_logs/run/version_0")


def test_runs_are_compared(digits: Digits, trained: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    digits("fit", *FIT)
    trained()
    tested = digits("test", "--name=run")
    Path("lightning_logs/run/version_1").mkdir()  # interrupted before its first epoch was over
    logged = Path("lightning_logs/run/version_0/csv/version_0")  # of Lightning's CSVLogger
    logged.mkdir(parents=True)
    (logged / "metrics.csv").write_text("step,val/error\n1,0.25\n")
    main(["compare", "lightning_logs/*/version_*", str(logged)])
    header, *rows, chart = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "model", "parameters", "epochs", "min", "val", "error", "test"]
    values = {row.split()[0]: row.split()[1:] for row in rows}
    assert values.keys() == {"run/version_0", "MLP/version_0"}
    assert values["run/version_0"][:3] == ["LargeCNN", "59,933", "2"]
    assert values["MLP/version_0"][:3] == ["MLP", "12,730", "1"]
    assert f"error {values['run/version_0'][-1]}" in tested
    assert chart == "Chart: lightning_logs/compare.png"
    assert Path("lightning_logs/compare.png").exists()
    main(["compare", "lightning_logs/run", "lightning_logs/MLP"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:3]] == [
        "run/version_0",
        "MLP/version_0",
    ]
    main(["compare", "lightning_logs"])
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:3]} == values.keys()


def test_comparing_nothing_is_an_error(digits: Digits) -> None:
    for path, reason in [
        ("absent", "absent is no folder: give"),
        ("pretraned", "did you mean pretrained"),
        (".", "has a checkpoint: train first"),
    ]:
        with pytest.raises(SystemExit, match=reason):
            main(["compare", path])


def test_partial_and_unfinished_runs_are_marked_and_nothing_is_wider_than_80_columns(
    digits: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    digits("fit", "--model=BatchNormCNN", "--trainer.limit_val_batches=1", "--trainer.max_epochs=1", "--name=batchnorm")
    early = "--trainer.callbacks=EarlyStopping --trainer.callbacks.monitor=val/loss"
    digits("fit", *early.split(), "--trainer.callbacks.stopping_threshold=99", "--model=MLP", "--name=stopped")
    capsys.readouterr()
    main(["compare", "pretrained", "lightning_logs/batchnorm/version_0", "lightning_logs/stopped/version_0"])
    out = capsys.readouterr().out
    partial, stopped, shipped = out.splitlines()[1:4]
    assert partial.split()[0] == "batchnorm/version_0"
    assert partial.endswith("%*")
    assert "1 of 10" in stopped
    assert "*" not in stopped
    assert shipped.split() == ["pretrained", "DeepCNN", "576,106", describe("pretrained").error]
    assert "* of a run on a part of the images" in out
    assert "stopped before its end" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_table_is_printed_where_the_chart_can_not_be_written(
    trained: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    trained()
    Path("file").touch()
    with pytest.raises(SystemExit, match="can't be written"):
        main(["compare", "lightning_logs/MLP", "--picture=file/chart.png"])
    assert "MLP/version_0" in capsys.readouterr().out


def test_a_run_of_so_many_steps_is_complete(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("trainer: {max_epochs: 3, max_steps: 8}")
    assert RunRecord(tmp_path, [{"epoch": 1, "step": 8}], {}).progress == "1"
    assert RunRecord(tmp_path, [{"epoch": 1, "step": 7}], {}).progress == "1 of 3"
    assert RunRecord(tmp_path, [], {}).progress == "0 of 3"


def test_a_run_that_stopped_in_its_first_epoch_has_none(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    shutil.copy(PRETRAINED, tmp_path / "checkpoints/last.ckpt")
    assert row_of_run(RunRecord.read(tmp_path))[3] != "0"  # of another program: what the checkpoint says
    (tmp_path / "config.yaml").write_text("trainer: {max_epochs: 3}")
    assert row_of_run(RunRecord.read(tmp_path))[3:6] == ["0 of 3", "", ""]


def test_runs_of_other_images_are_told_apart(tmp_path: Path) -> None:
    def record(name: str, **data: str | int) -> RunRecord:
        (tmp_path / name).mkdir()
        config = {"data": {"class_path": "digits.data.MNISTDataModule", "init_args": data}}
        (tmp_path / name / "config.yaml").write_text(json.dumps(config))
        return RunRecord(tmp_path / name, [{"val/error": 0.1}], {})

    mnist, other = record("mnist", dataset="MNIST", val_size=5), record("fashion", dataset="FashionMNIST", val_size=5)
    assert other_images([mnist, mnist], shipped=True) == []
    _, *lines = other_images([mnist, other], shipped=True)
    assert lines == [f"  MNIST: pretrained, {mnist.name}", f"  FashionMNIST: {other.name}"]
    _, *lines = other_images([mnist, record("split", dataset="MNIST", val_size=9)], shipped=False)
    assert lines[0].startswith("  MNIST (val_size 5): ")
    assert lines[1].startswith("  MNIST (val_size 9): ")
    mixed = {"data": {"class_path": "digits.data.mixed.MixedDataModule", "init_args": {"split_seed": 3}}}
    (tmp_path / "fashion/config.yaml").write_text(json.dumps(mixed))
    own = RunRecord(tmp_path / "fashion", [{"val/error": 0.1}], {})
    data = MNISTDataModule(val_size=VAL_SIZE).hparams
    assert other_images([own, record("default", **{name: data[name] for name in own.data})], shipped=True) == []
    (tmp_path / "mnist/config.yaml").write_text("data: [")
    assert RunRecord(tmp_path / "mnist", [], {}).source == ""
