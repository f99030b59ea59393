"""What the commands do with a run: its files, figures and predictions."""

import csv
import shlex
import warnings
from pathlib import Path

import pytest
import torch
import yaml

from digits.data import MNISTDataModule
from digits.models import MLP
from tests.helpers import SMALL_FIT, Digits, read_events

FIT = (*SMALL_FIT, "--trainer.max_epochs=2")


def test_fit_leaves_a_run_that_the_other_commands_find(digits: Digits, tmp_path: Path) -> None:
    out = digits("fit", *FIT)
    run = tmp_path / "lightning_logs/MLP/version_0"
    assert "trainable parameters" in out
    assert "12,730" in out
    assert "Epoch 2/2" in out
    assert "lightning_logs/MLP/version_0" in out
    assert "Next: digits test --name MLP" in out
    Path("mine.yaml").write_text("model: {class_path: MLP}")
    out = digits("fit", "--config=mine.yaml", "--name=other", "--trainer.max_epochs=1", "--pictures=false")
    assert "Next: digits test --config mine.yaml --name other" in out
    assert {path.name for path in run.glob("*.yaml")} == {"config.yaml", "hparams.yaml"}
    assert {path.name for path in run.glob("checkpoints/*")} == {"best.ckpt", "last.ckpt"}
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["init_args"]["hidden"] == [16]

    assert "accuracy" in digits("validate", "--name=MLP")
    out = digits("test", "--name=MLP")
    assert "Checkpoint: lightning_logs/MLP/version_0/checkpoints/best.ckpt" in out
    assert "on 90 images" in out
    assert "loss" in out
    assert "error" in out
    assert str(run / "predictions.csv") in str(tmp_path / digits("predict", "--name=MLP").split("Predictions: ")[1])
    assert sorted(path.name for path in run.parent.iterdir()) == ["version_0"]


def test_tensorboard_gets_scalars_and_hyperparameters(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT, "--trainer.log_every_n_steps=1")
    out = digits("test", "--name=MLP")
    events = read_events(tmp_path / "lightning_logs/MLP/version_0")
    tags = set(events.Tags()["scalars"])
    wanted = {f"{stage}/{name}" for stage in ("train", "val", "test") for name in ("loss", "accuracy", "error")}
    epochs = {f"by_epoch/{stage}_{name}" for stage in ("train", "val") for name in ("loss", "accuracy", "error")}
    others = {"test/loss_before_calibration", "train/loss_step", "lr-AdamW", "images_per_second"}
    assert tags == wanted | epochs | others
    assert [event.step for event in events.Scalars("val/accuracy")] == [8, 16]  # 240 images, 8 batches an epoch
    assert f"accuracy {events.Scalars('test/accuracy')[-1].value:.2%}" in out
    page = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"weight_decay" in page
    assert b"batch_size" in page


def test_predictions_are_those_of_the_checkpoint_in_dataset_order(digits: Digits, trained: Digits) -> None:
    trained()
    digits("predict", "--name=MLP", "--predictions.path=out/p.csv")
    with Path("out/p.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["id", "prediction", "confidence", *(f"p{i}" for i in range(10)), "target"]
    assert [row[0] for row in rows] == [str(i) for i in range(90)]

    checkpoint = torch.load("lightning_logs/MLP/version_0/checkpoints/best.ckpt", weights_only=True)
    model = MLP(**checkpoint["hyper_parameters"])
    model.load_state_dict(checkpoint["state_dict"])
    model.eval()
    data = MNISTDataModule()
    data.setup("predict")
    images, labels = data.on_after_batch_transfer(data.predict[torch.arange(90)], 0)
    expected = (model(images) / checkpoint["temperature"]).softmax(1)
    written = torch.tensor([[float(p) for p in row[3:13]] for row in rows])
    torch.testing.assert_close(written, expected.detach(), atol=2e-6, rtol=0)
    assert [int(row[1]) for row in rows] == expected.argmax(1).tolist()
    assert [row[2] for row in rows] == [max(row[3:13], key=float) for row in rows]
    assert [int(row[13]) for row in rows] == labels.tolist()


def test_a_log_file_gets_one_line_per_epoch_and_quiet_means_quiet(digits: Digits, trained: Digits) -> None:
    out = trained(*FIT)
    assert sum(line.startswith("Epoch ") for line in out.splitlines()) == 2
    assert "\r" not in out
    assert "Epoch" not in digits("fit", *SMALL_FIT, "--trainer.enable_progress_bar=false")


def test_lightning_s_profilers_can_be_had(digits: Digits, caplog: pytest.LogCaptureFixture) -> None:
    digits("fit", *SMALL_FIT, "--trainer.profiler=simple")
    assert "run_training_epoch" in caplog.text


def test_what_is_suggested_can_be_typed_whatever_the_name(digits: Digits) -> None:
    out = digits("fit", *SMALL_FIT, "--name=it's a run")
    (line,) = [line for line in out.splitlines() if line.startswith("Next: ")]
    program, *command = shlex.split(line.removeprefix("Next: "))
    assert program == "digits"
    assert "Checkpoint: lightning_logs/it's a run/version_0/checkpoints/best.ckpt" in digits(*command)


@pytest.mark.parametrize("command", ["test", "predict"])
def test_a_command_that_is_refused_leaves_no_run(refused: Digits, command: str) -> None:
    data = ("--ckpt_path=pretrained", "--data=CSVDataModule", f"--data.{command}=absent.csv")
    assert "absent.csv: there is no such file" in refused(command, *data)
    assert not list(Path().rglob("version_*"))


def test_the_configuration_of_a_run_will_do_for_the_other_commands(
    digits: Digits, trained: Digits, refused: Digits
) -> None:
    trained()
    config = "lightning_logs/MLP/version_0/config.yaml"
    for command in ("validate", "test", "predict"):
        digits(command, f"--config={config}")
    assert "--init_from is an option of `digits fit`" in refused("test", f"--config={config}", "--init_from=pretrained")


def test_nothing_is_warned_of_where_warnings_are_errors(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsonargparse._deprecated.shown_deprecation_warnings", set())  # each is shown once
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        digits("fit", *SMALL_FIT)
        digits("test", "--name=MLP")
