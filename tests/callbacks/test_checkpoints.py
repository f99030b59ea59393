from pathlib import Path
from typing import Any

import pytest
import torch

from digits.callbacks import checkpoints
from digits.cli import main
from digits.models import MLP
from digits.schema import REQUIRED
from tests.helpers import Digits

FIT = ("--trainer.max_epochs=1", "--pictures=false")


class Buffers(MLP):
    """Keeps more than weights, some of which a checkpoint can't give back."""

    def __init__(self, kind: str = "mask") -> None:
        super().__init__([16])
        self.register_buffer("mask", torch.tensor([0.0, -torch.inf]))
        self.register_buffer("phases", torch.ones(2, dtype=torch.complex64))
        if kind == "repeated":
            self.register_buffer("repeated", torch.ones(1).expand(5))
        self.breaks = kind == "breaks"

    def on_train_batch_end(self, *args: Any) -> None:
        if self.breaks:
            self.get_buffer("phases")[0] = torch.nan


class Stateful(MLP):
    """Keeps what is no tensor."""

    def get_extra_state(self) -> dict[str, int]:
        return {"a": 1}


def test_a_network_with_infinite_and_complex_buffers_is_trained_and_tested(digits: Digits) -> None:
    model = f"--model={__name__}.Buffers"
    digits("fit", model, *FIT)
    assert "on 90 images" in digits("test", model)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        ("Buffers --model.kind=repeated", "could not be read again: repeated in state_dict must be a tensor"),
        ("Buffers --model.kind=breaks", "phases is not finite at step"),
        ("Stateful", "could not be read again: _extra_state in state_dict must be a tensor"),
    ],
)
def test_what_could_not_be_read_again_is_told_when_the_first_is_saved(
    refused: Digits, network: str, reason: str
) -> None:
    assert reason in refused("fit", *f"--model={__name__}.{network}".split(), *FIT)
    assert not list(Path().rglob("*.ckpt"))


def test_what_is_checked_is_what_was_read_again_not_what_lies_on_an_accelerator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(checkpoints, "check_fields", lambda _, content, *rest: seen.append(content["state_dict"]["w"]))
    weights = torch.ones(3)
    content = dict.fromkeys(REQUIRED) | {"state_dict": {"w": weights}}
    checkpoints.CheckpointFiles().save_checkpoint(content, tmp_path / "a.ckpt")
    assert len(seen) == 1
    assert seen[0].equal(weights)
    assert seen[0].data_ptr() != weights.data_ptr()


class Silent(MLP):
    """Has a hook of its own in place of the one that logs."""

    def on_validation_epoch_end(self) -> None:
        self.log("val/mine", 1.0)


def test_the_hook_that_hides_the_accuracy_is_named(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data.val_size=60", "--data.batch_size=240", "--trainer.accelerator=cpu")
    main(["fit", f"--model={__name__}.Silent", *FIT, *data])
    assert "only last.ckpt is kept: call super().on_validation_epoch_end in yours" in capsys.readouterr().err


def test_early_stopping_is_as_patient_as_it_is_told_when_a_run_is_resumed(digits: Digits) -> None:
    fit = (
        "fit",
        "--model=MLP",
        "--model.hidden=[16]",
        "--name=run",
        "--pictures=false",
        "--trainer.max_epochs=8",
        "--trainer.callbacks=EarlyStopping",
        "--trainer.callbacks.monitor=val/loss",
        "--trainer.callbacks.min_delta=99",
    )
    assert "EarlyStopping: after epoch 2 of 8" in digits(*fit, "--trainer.callbacks.patience=1")
    resumed = digits(*fit, "--trainer.callbacks.patience=4", "--ckpt_path=last")
    assert "EarlyStopping: after epoch 5 of 8" in resumed


def test_a_folder_for_checkpoints_that_can_not_be_written_is_told_before_training(refused: Digits) -> None:
    Path("file").touch()
    own = ("--trainer.callbacks=ModelCheckpoint", "--trainer.callbacks.dirpath=file/x")
    assert "ModelCheckpoint: dirpath " in refused("fit", "--model=MLP", *own, *FIT)
    assert not Path("lightning_logs").exists()
