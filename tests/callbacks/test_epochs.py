from pathlib import Path

import pytest
import torch

from tests.helpers import Digits, csv_rows, read_events

FIT = ("--model=LargeCNN", "--trainer.max_epochs=2", "--name=run")
RUN = Path("lightning_logs/run/version_0")


def test_metrics_csv_has_a_row_per_epoch_with_the_logged_values(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.log_every_n_steps=4")
    rows = csv_rows(RUN / "metrics.csv")
    events = read_events(RUN)
    assert [event.step for event in events.Scalars("train/loss_step")] == [4, 8, 12, 16]
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [row["step"] for row in rows] == ["8", "16"]
    for tag in ("train/loss", "train/accuracy", "train/error", "val/loss", "val/accuracy", "val/error"):
        values = [event.value for event in events.Scalars(tag)]
        assert [float(row[tag]) for row in rows] == pytest.approx(values)
        by_epoch = events.Scalars(f"by_epoch/{tag.replace('/', '_')}")
        assert [event.step for event in by_epoch] == [1, 2]
        assert [event.value for event in by_epoch] == pytest.approx(values)
    assert [event.value for event in events.Scalars("images_per_second")] == pytest.approx(
        [float(row["images_per_second"]) for row in rows]
    )


def test_resuming_keeps_the_rows_of_earlier_epochs(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.max_epochs=3")
    whole = (RUN / "metrics.csv").read_text().splitlines()
    checkpoint = torch.load(RUN / "checkpoints/best.ckpt", weights_only=True)
    digits("fit", *FIT, "--trainer.max_epochs=3", f"--ckpt_path={RUN}/checkpoints/best.ckpt")
    resumed = (RUN / "metrics.csv").read_text().splitlines()
    assert len(resumed) == len(whole) == 4
    assert resumed[: checkpoint["epoch"] + 1] == whole[: checkpoint["epoch"] + 1]
