import re
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import LearningRateFinder
from lightning.pytorch.trainer.states import TrainerFn

from digits.cli import main
from digits.models import MLP
from tests.helpers import Digits

FIT = ("--name=run", "--pictures=false", "--trainer.logger=false")
FINDER = ("--model=MLP", "--model.hidden=[16]", "--trainer.callbacks=LearningRateFinder")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("num_training_steps=8", "nothing found, --model.lr stays 0.002"),
        ("max_lr=0.1", r"nothing found \(8 of 100 steps, up to \S+\), --model.lr stays 0.002"),
        ("update_attr=false --trainer.callbacks.num_training_steps=16", r"\S+ is suggested, --model.lr stays 0.002"),
    ],
)
def test_what_a_search_has_not_found_is_not_told_as_found(
    digits: Digits, capsys: pytest.CaptureFixture[str], options: str, said: str
) -> None:
    epochs = 1 if "max_lr" in options else 2
    out = digits("fit", *FIT, *FINDER, f"--trainer.max_epochs={epochs}", *f"--trainer.callbacks.{options}".split())
    assert re.search(rf"LearningRateFinder: {said}$", out, re.MULTILINE)


class SearchesLater(LearningRateFinder):
    """Searches when an epoch starts, as in Lightning's documentation."""

    def __init__(self) -> None:
        super().__init__(num_training_steps=14, min_lr=1e-4)

    def on_fit_start(self, *args: Any) -> None:
        pass

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == 0:
            self.lr_find(trainer, pl_module)


def test_the_schedule_follows_a_search_when_an_epoch_starts(digits: Digits) -> None:
    digits("fit", *FIT, *FINDER[:2], f"--trainer.callbacks={__name__}.SearchesLater", "--trainer.max_epochs=3")
    content = torch.load("lightning_logs/run/version_0/checkpoints/last.ckpt", weights_only=True)
    lr = content["hyper_parameters"]["lr"]
    (group,) = content["optimizer_states"][0]["param_groups"]
    assert lr != 0.002
    assert group["max_lr"] == pytest.approx(lr)
    assert group["initial_lr"] == pytest.approx(lr / 25)
    assert group["lr"] < 0.02 * lr  # the end of the schedule


class NeedsMemory(MLP):
    """Runs out of memory, whatever the batch."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        raise RuntimeError("CUDA out of memory.")


@pytest.mark.slow
def test_not_one_image_fits_into_memory(refused: Digits) -> None:
    message = refused("fit", *FIT, f"--model={__name__}.NeedsMemory", "--trainer.callbacks=BatchSizeFinder")
    assert "batches of 0 images train nothing: does not even one fit into memory?" in message
    assert not list(Path().rglob("version_*"))


def test_what_a_search_restores_is_where_the_network_is() -> None:
    network = MLP([16])
    network.trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    network.trainer.state.fn = TrainerFn.FITTING
    content = network.state_dict()
    sums = {"loss_sum": torch.tensor(1.0), "correct": torch.tensor(2), "images": torch.tensor(3)}
    network.to("meta").on_load_checkpoint({"state_dict": content, "train_scores": sums})  # as on a GPU
    assert {network.train_scores.metric_state[name].device.type for name in sums} == {"meta"}  # type: ignore[union-attr]


def test_a_callback_that_fails_within_lightning_is_named(refused: Digits) -> None:
    message = refused("fit", *FIT, *FINDER, "--trainer.callbacks.min_lr=0")
    assert message == "error: LearningRateFinder: float division by zero"


def test_a_file_has_no_bar(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    main(
        [
            "fit",
            *FIT,
            *FINDER,
            "--data.val_size=60",
            "--trainer.max_epochs=1",
            "--trainer.callbacks.num_training_steps=4",
        ]
    )
    assert "Finding best" not in "".join(capsys.readouterr())
