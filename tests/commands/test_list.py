from pathlib import Path

import pytest

from digits.__main__ import main
from digits.options.config_files import packaged
from digits.options.suggestions import SOURCES


def test_everything_that_has_a_name_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["list"])
    out = capsys.readouterr().out
    rows = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    assert {*packaged()} - {"pretrained"} | {kind.__name__ for kind in SOURCES} <= rows.keys()
    assert "pretrained" not in rows  # which `fit` can't train
    assert "  576,106 parameters, test error 0." in out
    assert rows["large_cnn"].split()[1] == "59,933"
    assert "%" in rows["large_cnn"]
    assert rows["ink"].startswith("  ink  The network that finds ink")  # which has no figures
    assert "none yet" in out
    assert all(word in out for word in ("FashionMNIST", "torch-export", "--ckpt_path pretrained"))
    assert max(map(len, out.splitlines())) <= 80


def test_lines_fit_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "a/version_0"
    run.mkdir(parents=True)
    (run / "metrics.csv").write_text("epoch,val/error\n1,0.25\n")
    (run / "config.yaml").write_text("trainer:\n  limit_val_batches: 0.5\n")
    monkeypatch.chdir(tmp_path)
    for module in ("console", "table"):
        monkeypatch.setattr(f"digits.{module}.columns", lambda: 60)
    main(["list", "--root", "."])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


def test_runs_are_listed_with_their_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "sweep/trial0/version_0"
    run.mkdir(parents=True)
    (run / "metrics.csv").write_text("epoch,val/error\n1,0.25\n2,0.125\n")
    (run / "config.yaml").write_text("trainer:\n  max_epochs: 3\n  limit_val_batches: 0.5\n")
    (run / "test.json").write_text('{"MNISTDataModule": {"error": 0.5}}')
    (run / "csv/version_0").mkdir(parents=True)  # of Lightning's CSVLogger
    (run / "csv/version_0/metrics.csv").write_text("step,val/error\n1,0.25\n")
    broken = tmp_path / "broken/version_0"
    broken.mkdir(parents=True)
    for name in ("metrics.csv", "config.yaml", "test.json"):
        (broken / name).write_text("[" * 3000)
    tested = tmp_path / "pretrained/version_0"
    tested.mkdir(parents=True)
    (tested / "test.json").write_text('{"MNISTDataModule": {"error": 0.5}}')
    main(["list", "--root", str(tmp_path)])
    out = capsys.readouterr().out
    assert str(tested) not in out  # it has no checkpoint
    (row,) = (line.split() for line in out.splitlines() if "trial0" in line)
    assert row == [str(run), "2", "of", "3", "12.50%*", "50.00%"]
    (row,) = (line.split() for line in out.splitlines() if "broken" in line)
    assert row == [str(broken), "0"]
    assert "* of a run on a part of the images" in out
