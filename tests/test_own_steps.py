"""Steps, optimizers and loaders of one's own, in a subclass of Classifier or of a data module."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from digits.data import MNISTDataModule
from digits.models import Classifier
from tests.helpers import Digits

FIT = ("--trainer.max_epochs=1", "--pictures=false")


class Linear(Classifier):
    """A network without settings."""

    def __init__(self) -> None:
        super().__init__(lr=0.01)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


class OwnMetrics(Linear):
    """Trains, validates and tests with a loss and metrics of its own, and returns nothing for callbacks."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = F.cross_entropy(self(batch[0]), batch[1])
        self.log("own_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
        self.log("own_accuracy", (self(batch[0]).argmax(1) == batch[1]).float().mean())

    def test_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
        self.log("own_accuracy", (self(batch[0]).argmax(1) == batch[1]).float().mean())

    def predict_step(self, batch: Any, batch_idx: int) -> Tensor:
        return self(batch[0]).argmax(1)


class TwoOptimizers(Linear):
    """Optimizes by hand, and takes several loaders."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def configure_optimizers(self) -> Any:
        layer: Any = self.layers[1]
        return [torch.optim.SGD([layer.weight], lr=0.1), torch.optim.Adam([layer.bias], lr=0.01)]

    def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
        self.zero_grad()
        self.manual_backward(super().training_step(batch, batch_idx))
        for optimizer in self.optimizers():  # type: ignore[union-attr]
            optimizer.step()

    def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> Tensor:
        return super().validation_step(batch, batch_idx)


class NoOptimizer(Linear):
    """Trains nothing."""

    def configure_optimizers(self) -> None:
        return None


class TwoLoaders(MNISTDataModule):
    """Validates on the same images twice."""

    def val_dataloader(self) -> Any:
        return [super().val_dataloader(), super().val_dataloader()]


class OwnLoaders(MNISTDataModule):
    """Loads with torch's own means."""

    def loader(self, images: Tensor, labels: Tensor, shuffle: bool = False) -> Any:
        return DataLoader(TensorDataset(images, labels), batch_size=20, shuffle=shuffle)

    def train_dataloader(self) -> Any:
        chosen = self.train.indices
        return self.loader(self.train.data.images[chosen], self.train.data.labels[chosen], shuffle=True)

    def val_dataloader(self) -> Any:
        return self.loader(self.val.images, self.val.labels)

    def test_dataloader(self) -> Any:
        return self.loader(self.test.images, self.test.labels)

    def predict_dataloader(self) -> Any:
        return self.loader(self.predict.images, self.predict.labels)


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_steps_may_log_and_return_what_they_like(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    model = f"--model={__name__}.OwnMetrics"
    assert "own_loss " in digits("fit", model, *FIT)  # in the line of the epoch
    (row,) = rows("lightning_logs/OwnMetrics/version_0/metrics.csv")
    assert row.keys() == {"epoch", "step", "seconds", "lr"}
    assert "own_accuracy" in digits("validate", model)
    assert "Test: own_accuracy" in digits("test", model)
    assert not Path("lightning_logs/OwnMetrics/version_0/test.json").exists()
    digits("predict", model, "--predictions.path=p.csv")
    predicted = rows("p.csv")
    assert len(predicted) == 90
    assert {row["confidence"] + row["p0"] for row in predicted} == {""}
    assert sum(row["prediction"] == row["target"] for row in predicted) > 9


def test_several_optimizers_and_several_loaders(digits: Digits) -> None:
    options = (f"--model={__name__}.TwoOptimizers", f"--data={__name__}.TwoLoaders")
    out = digits("fit", *options, *FIT)
    assert "loss" in out
    assert "Next:" in out
    assert "on 120 images" in digits("validate", *options)


@pytest.mark.filterwarnings("ignore:.*configure_optimizers. returned .None")
def test_no_optimizer_at_all(digits: Digits) -> None:
    digits("fit", f"--model={__name__}.NoOptimizer", *FIT)
    (row,) = rows("lightning_logs/NoOptimizer/version_0/metrics.csv")
    assert "lr" not in row


def test_several_loaders_for_a_step_that_takes_one(refused: Digits) -> None:
    assert "`dataloader_idx`" in refused("fit", "--model=MLP", f"--data={__name__}.TwoLoaders", *FIT)
    assert not list(Path().rglob("version_*"))


def test_loaders_of_ones_own_are_scaled_augmented_and_scored(digits: Digits) -> None:
    data = (f"--data={__name__}.OwnLoaders", "--data.rotation=5")
    digits("fit", f"--model={__name__}.Linear", *data, *FIT)
    model = f"--model={__name__}.Linear"
    assert digits("test", model, *data).splitlines()[-1] == digits("test", model).splitlines()[-1]
    digits("predict", model, *data, "--predictions.path=own.csv")
    digits("predict", model, "--predictions.path=theirs.csv")
    own, theirs = (rows(f"{name}.csv") for name in ("own", "theirs"))
    assert [(row["id"], row["prediction"], row["target"]) for row in own] == [
        (row["id"], row["prediction"], row["target"]) for row in theirs
    ]
