from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from digits.callbacks.distillation import soften
from digits.data import MNISTDataModule
from tests.helpers import Digits

TEACH = "--trainer.callbacks+=digits.callbacks.Distillation"


class Pairs(MNISTDataModule):
    """Gives images and labels alone."""

    def train_dataloader(self) -> Any:
        pair = TensorDataset(self.train.data.images, self.train.data.labels)
        return DataLoader(pair, batch_size=30)


def last_layer(name: str) -> torch.Tensor:
    path = Path(f"lightning_logs/{name}/version_0/checkpoints/last.ckpt")
    return list(torch.load(path, weights_only=True)["state_dict"].values())[-2]


def test_labels_are_mixed_with_what_the_teachers_say() -> None:
    said = torch.tensor([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    soft = soften(torch.tensor([0, 2, -1]), said, weight=0.5)
    expected = torch.tensor([[0.75, 0.125, 0.125], [0.0, 0.25, 0.75], [1 / 3, 1 / 3, 1 / 3]])
    torch.testing.assert_close(soft, expected)
    wrong = torch.tensor([[0.4, 0.6, 0.0], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]])
    soft = soften(torch.tensor([0, 2, -1]), wrong, weight=0.5, only_right=True)
    torch.testing.assert_close(soft, torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.0, 0.75], [1 / 3, 1 / 3, 1 / 3]]))


@pytest.mark.slow
def test_the_weight_decides_between_labels_and_teachers_of_any_architecture(digits: Digits) -> None:
    fit = ["fit", "--trainer.max_epochs=1", "--model.lr=0.001"]
    digits(*fit, "--model=FastCNN", "--name=teacher")
    digits(*fit, "--model=MLP", "--name=plain")
    for weight in (0, 1):
        teach = [TEACH, "--trainer.callbacks.teachers=[lightning_logs/teacher]", f"--trainer.callbacks.weight={weight}"]
        digits(*fit, "--model=MLP", f"--name=weight{weight}", *teach)
    plain, labels, teachers = (last_layer(name) for name in ("plain", "weight0", "weight1"))
    torch.testing.assert_close(labels, plain, atol=1e-4, rtol=0)
    assert (teachers - plain).abs().max() > 1e-3


def test_teachers_that_do_not_fit_are_refused(refused: Digits) -> None:
    message = refused("fit", "--model=MLP", "--trainer.max_epochs=1", TEACH, "--trainer.callbacks.teachers=[none.ckpt]")
    assert "none.ckpt" in message
    message = refused("fit", "--model=MLP", "--trainer.max_epochs=1", TEACH, "--trainer.callbacks.teachers=[]")
    assert "one teacher or more" in message


def test_batches_of_a_loader_that_can_not_be_taught_on_are_refused(trained: Digits, refused: Digits) -> None:
    trained()
    teach = (TEACH, "--trainer.callbacks.teachers=[lightning_logs/MLP]")
    assert "takes batches of DataLoader(self.train" in refused("fit", "--model=MLP", f"--data={__name__}.Pairs", *teach)
