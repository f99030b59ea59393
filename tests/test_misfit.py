from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from digits.data import MNISTDataModule
from digits.models import MLP, Classifier
from tests.helpers import Digits

FIT = ("--trainer.max_epochs=1", "--pictures=false", "--trainer.logger=false")


class Net(Classifier):
    """A network whose layers may not fit."""

    def __init__(self, kind: str = "colours") -> None:
        super().__init__()
        flat, head = nn.Flatten(), nn.Linear(784, 10)
        self.layers = {
            "no flatten": nn.Sequential(head),
            "rows": nn.Sequential(nn.Linear(28, 10)),
            "wrong size": nn.Sequential(nn.Conv2d(1, 2, 3), flat, head),
            "colours": nn.Sequential(nn.Conv2d(3, 1, 1), flat, head),
            "five": nn.Sequential(flat, nn.Linear(784, 5)),
        }[kind]


class Bug(MLP):
    """Fails in its own function."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.view(7, 5))


class Colours(MNISTDataModule):
    """Images in colour, from loaders of one's own."""

    wrong_labels = (0,)  # of the images that it does not give

    def train_dataloader(self) -> Any:
        return DataLoader(TensorDataset(torch.rand(40, 3, 28, 28), torch.arange(40) % 10), batch_size=20)

    val_dataloader = test_dataloader = train_dataloader


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            "no flatten",
            "layer layers.0, Linear(in_features=784, out_features=10, bias=True), does not take a tensor of",
        ),
        ("no flatten", "of shape (30, 1, 28, 28): mat1 and mat2 shapes"),
        ("rows", "Net gives a tensor of shape (30, 1, 28, 10) in place of (30, 10), images by classes"),
        (
            "wrong size",
            "layer layers.2, Linear(in_features=784, out_features=10, bias=True), does not take a tensor of",
        ),
        (
            "colours",
            "layer layers.0, Conv2d(3, 1, kernel_size=(1, 1), stride=(1, 1)), does not take a tensor of shape (30",
        ),
    ],
)
def test_a_layer_that_does_not_fit_is_named(refused: Digits, kind: str, reason: str) -> None:
    assert reason in refused("fit", f"--model={__name__}.Net", f"--model.kind={kind}", *FIT)
    assert not list(Path().rglob("version_*"))


class NoLayers(Classifier):
    """Names none."""


def test_a_network_without_layers_is_told_to_name_them(refused: Digits) -> None:
    assert "NoLayers has no layers: name them in its __init__" in refused("fit", f"--model={__name__}.NoLayers", *FIT)


class Freeze(Callback):
    """Freezes any network."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        pl_module.requires_grad_(False)


def test_a_network_of_which_nothing_is_trained_is_named(refused: Digits) -> None:
    told = "MLP has nothing to train: requires_grad is False for all its parameters"
    assert told in refused("fit", "--model=MLP", f"--trainer.callbacks={__name__}.Freeze", *FIT)
    assert not list(Path().rglob("version_*"))


class TwoHeads(Net):
    """Gives two tensors, of which its own step takes one."""

    def __init__(self, own_step: bool = False, **settings: Any) -> None:
        super().__init__("five", **settings)
        self.own_step = own_step

    def forward(self, images: Tensor) -> Any:
        logits = super().forward(images)
        return logits, logits.mean()

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        images, labels = batch
        return cross_entropy(self(images)[0], labels % 5) if self.own_step else super().training_step(batch, batch_idx)


@pytest.mark.parametrize("own_step", [False, True])
def test_a_network_that_gives_a_tuple_needs_steps_of_its_own(refused: Digits, own_step: bool) -> None:
    message = refused("fit", f"--model={__name__}.TwoHeads", f"--model.own_step={own_step}", *FIT)
    assert "TwoHeads gives a tuple in place of logits, (N, K): return these from forward, or write train" in message


def test_a_network_that_gives_a_tuple_is_trained_by_steps_of_its_own(digits: Digits) -> None:
    args = (f"--model={__name__}.TwoHeads", "--model.own_step=true", "--data.val_size=0", *FIT)
    assert "The run's files" in digits("fit", *args)


def test_an_error_in_a_function_of_ones_own_keeps_its_traceback(digits: Digits) -> None:
    with pytest.raises(RuntimeError, match="invalid for input of size"):
        digits("fit", f"--model={__name__}.Bug", *FIT)


def test_a_network_for_other_images_trains_on_a_loader_of_ones_own(digits: Digits) -> None:
    out = digits("fit", f"--model={__name__}.Net", f"--data={__name__}.Colours", *FIT[:-1])
    assert "Best validation accuracy" in out
    assert "\n  Conv2d                                          4\n" in out
    out = digits("test", f"--model={__name__}.Net", f"--data={__name__}.Colours")
    assert "wrong labels" not in out  # of MNIST's test images
    assert Path("lightning_logs/Net/version_0/test.json").is_file()


def test_a_last_layer_that_is_replaced_is_told(digits: Digits) -> None:
    out = digits("fit", f"--model={__name__}.Net", "--model.kind=five", *FIT)
    assert "Net has a new last layer, of 10 outputs in place of 5" in out
    assert "new last layer" not in digits("validate", f"--model={__name__}.Net", "--model.kind=five")
