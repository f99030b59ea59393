"""A run that version 0.1 began, in tests/run_of_0_1: two of three epochs, and the weights after the third there."""

import shutil
from pathlib import Path

import pytest
import torch

from digits import load
from digits.checkpoint import Checkpoint
from tests.helpers import Digits, draw

OLD = Path(__file__).parent / "run_of_0_1"
FIT = ("fit", "--model=MLP", "--model.hidden=[4]", "--trainer.max_epochs=3", "--trainer.precision=32-true")


@pytest.fixture
def run(tiny_mnist: Path, tmp_path: Path) -> Path:
    """A copy of the run, where its name lets it be found."""
    return shutil.copytree(OLD, tmp_path / "lightning_logs/old/version_0")


def test_an_old_checkpoint_predicts_and_is_tested(digits: Digits, run: Path) -> None:
    checkpoint = Checkpoint.read(run / "checkpoints/best.ckpt")
    assert (checkpoint.class_name, checkpoint.parameters, checkpoint.epochs) == ("MLP", 3190, 1)
    assert load(run).predict(draw(5, seed=1)[0]).classes == list("05105")  # its error is 80%
    assert "on 90 images" in digits("test", "--name=old")


def test_an_old_run_goes_on_to_the_same_weights_and_keeps_its_best_epoch(digits: Digits, run: Path) -> None:
    digits(*FIT, "--name=old", "--ckpt_path=last", "--pictures=false", "--trainer.logger=false")
    last = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    for name, value in torch.load(OLD / "final.pt", weights_only=True).items():
        torch.testing.assert_close(last["state_dict"][name], value)
    assert len((run / "metrics.csv").read_text().splitlines()) == 4
    assert last["callbacks"]["digits.best"]["best_model_score"] >= 0
