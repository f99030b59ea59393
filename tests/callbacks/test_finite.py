import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from digits.models import MLP
from tests.helpers import Digits

FIT = ("--model=MLP", "--trainer.max_epochs=3", "--trainer.precision=32-true", "--pictures=false")
CHECKPOINTS = Path("lightning_logs/MLP/version_0/checkpoints")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_training_stops_at_the_first_loss_that_is_no_number(
    bad: float, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = MLP.training_step

    def failing(self: MLP, *args: Any) -> Tensor:  # in the second of 8 steps of the second epoch
        return step(self, *args) * (bad if self.global_step == 9 else 1)

    monkeypatch.setattr(MLP, "training_step", failing)
    message = refused("fit", *FIT)
    assert f"the loss is {bad} at step 10, in epoch 2, learning rate 0.00" in message
    assert "try a lower --model.lr" in message
    for name in ("best", "last"):
        saved = torch.load(CHECKPOINTS / f"{name}.ckpt", weights_only=True)
        assert saved["epoch"] == 0
        assert all(value.isfinite().all() for value in saved["state_dict"].values())


def test_weights_that_broke_in_the_last_step_are_not_saved(refused: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(self: MLP) -> None:
        if self.current_epoch == 1:
            with torch.no_grad():
                self.get_parameter("layers.1.bias")[0] = math.nan

    monkeypatch.setattr(MLP, "on_validation_epoch_start", breaking)
    assert "layers.1.bias is not finite at step 16, in epoch 2" in refused("fit", *FIT)
    for name in ("best", "last"):
        assert torch.load(CHECKPOINTS / f"{name}.ckpt", weights_only=True)["epoch"] == 0


def test_a_wild_learning_rate_is_named(refused: Digits) -> None:
    message = refused("fit", *FIT, "--model.lr=1e30")
    assert "e+29: try a lower --model.lr; nothing was saved yet" in message


def test_the_learning_rate_of_an_optimizer_that_is_named_is_that_to_lower(refused: Digits) -> None:
    assert "try a lower --optimizer.lr; " in refused("fit", *FIT, "--optimizer=SGD", "--optimizer.lr=1e30")
