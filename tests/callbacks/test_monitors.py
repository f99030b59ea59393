"""What EarlyStopping and ModelCheckpoint watch is looked up before training, where it is known."""

from typing import Any

import pytest
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping, LearningRateMonitor

from digits.callbacks import Monitors
from digits.errors import InputError
from digits.models import MLP

NETWORK = MLP(hidden=[8])


class Logging(MLP):
    """A network with a metric of its own."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return super().training_step(batch, batch_idx)


def check(*callbacks: Callback, network: MLP = NETWORK, validates: bool = True) -> None:
    """Begin to train with these callbacks."""
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, callbacks=[*callbacks])
    Monitors(validates).on_fit_start(trainer, network)


class OwnCallback(Callback):
    """May log anything."""


@pytest.mark.parametrize(
    ("watched", "validates", "told"),
    [
        ("val_loss", True, "EarlyStopping monitors val_loss, which there is not: did you mean val/loss?"),
        ("val_acc", True, "did you mean val/accuracy?"),
        ("bleu", True, "which there is not (there are val/accuracy, val/error, val/loss, train/accuracy, "),
        ("val/loss", False, "which there is not: did you mean train/loss?"),
    ],
)
def test_a_metric_that_will_not_be_there_is_refused(watched: str, validates: bool, told: str) -> None:
    with pytest.raises(InputError) as info:
        check(EarlyStopping(watched), validates=validates)
    assert told in str(info.value)


@pytest.mark.parametrize(("watched", "mode"), [("val/accuracy", "min"), ("val/loss", "max"), ("train/error", "max")])
def test_a_better_value_that_is_taken_for_a_worse_one_is_warned_of(
    watched: str, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check(EarlyStopping(watched, mode=mode))
    assert f"warning: EarlyStopping takes a {'lower' if mode == 'min' else 'higher'} {watched} for better" in (
        capsys.readouterr().err
    )


def test_what_may_be_logged_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    check(EarlyStopping("val/accuracy", mode="max"), EarlyStopping("train/loss"), LearningRateMonitor("step"))
    check(EarlyStopping("bleu"), network=Logging(hidden=[8]))
    check(EarlyStopping("bleu"), OwnCallback())
    assert capsys.readouterr().err == ""
