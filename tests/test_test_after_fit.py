"""`fit --test true` tests as `digits test` does, in the same process."""

import json
from pathlib import Path

import pytest

from tests.helpers import SMALL_FIT, Digits

FIT = ("fit", *SMALL_FIT)


@pytest.mark.parametrize("options", [("--pictures=true",), ("--name=other", "--trainer.default_root_dir=elsewhere")])
def test_the_same_is_printed_and_kept(options: tuple[str, ...], digits: Digits) -> None:
    out = digits(*FIT, *options, "--test=true")
    (run,) = Path().rglob("version_0")
    kept = (run / "test.json").read_text()
    assert (run / "test_confusion_matrix.png").is_file() == ("--pictures=true" in options)
    again = digits("test", f"--ckpt_path={run}", *options, "--pictures=false")
    assert out.endswith(again)
    assert "Test accuracy" in again
    assert (run / "test.json").read_text() == kept
    assert json.loads(kept)["MNISTDataModule"]["images"] == 90
    assert "Next: digits predict " in out
    assert [path.name for path in run.parent.iterdir()] == ["version_0"]


def test_it_is_off_by_default_and_may_stand_in_a_config(digits: Digits) -> None:
    assert "Next: digits test " in digits(*FIT)
    Path("mine.yaml").write_text("test: true\ndata: {init_args: {split_seed: 3}}\n")
    assert "Test accuracy" in digits(*FIT, "--config=mine.yaml")


def test_a_run_that_stops_within_an_epoch_is_not_tested(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digits.cli.stopped_within_epoch", lambda trainer: True)
    assert "Test accuracy" not in digits(*FIT, "--test=true")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--data=CSVDataModule", "--data.train=train.csv"), "give --data.test FILE"),
        (("--trainer.enable_checkpointing=false",), "needs a checkpoint"),
    ],
)
def test_what_cannot_be_tested_is_refused_before_training(
    options: tuple[str, ...], reason: str, refused: Digits
) -> None:
    Path("train.csv").write_text("label,pixel0\n")
    assert reason in refused(*FIT, *options, "--test=true")
    assert not list(Path().glob("lightning_logs/*/version_*"))
