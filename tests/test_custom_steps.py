"""Steps, optimizers and loaders of one's own, in a subclass of Classifier or of a data module."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from digits.data import MNISTDataModule
from digits.models import Classifier
from tests.helpers import Digits, csv_rows

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


def test_steps_may_log_and_return_what_they_like(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    model = f"--model={__name__}.OwnMetrics"
    assert "own_loss " in digits("fit", model, *FIT)  # in the line of the epoch
    (row,) = csv_rows("lightning_logs/OwnMetrics/version_0/metrics.csv")
    assert row.keys() == {"epoch", "step", "seconds", "lr"}
    assert "own_accuracy" in digits("validate", model)
    assert "Test: own_accuracy" in digits("test", model)
    assert not Path("lightning_logs/OwnMetrics/version_0/test.json").exists()
    digits("predict", model, "--predictions.path=p.csv")
    predicted = csv_rows("p.csv")
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
    (row,) = csv_rows("lightning_logs/NoOptimizer/version_0/metrics.csv")
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
    own, theirs = (csv_rows(f"{name}.csv") for name in ("own", "theirs"))
    assert [(row["id"], row["prediction"], row["target"]) for row in own] == [
        (row["id"], row["prediction"], row["target"]) for row in theirs
    ]


class OddLoader(MNISTDataModule):
    """Trains on something that the standard step does not take."""

    def __init__(self, kind: str, **shared: Any) -> None:
        super().__init__(**shared)
        self.kind = kind

    def train_dataloader(self) -> Any:
        images, labels = torch.rand(30, 1, 28, 28), torch.arange(30) % 10
        own = super().train_dataloader()
        match self.kind:
            case "dictionary of loaders":
                return {"a": own, "b": own}
            case "list of loaders":
                return [own, own]
            case "dictionaries":
                return DataLoader([{"image": image} for image in images], batch_size=10)  # type: ignore[arg-type]
            case "colours":
                images = images.expand(30, 3, 28, 28)
            case "twelve classes":
                labels = torch.arange(30) % 12
            case "probabilities":
                labels = torch.rand(30, 10)
        return DataLoader(TensorDataset(images, labels), batch_size=10)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            "dictionary of loaders",
            "gives a dictionary of a, b, but training_step takes images and labels: write a train",
        ),
        ("list of loaders", "gives a list of Batch, Batch, but training_step takes images and labels"),
        ("dictionaries", "gives a dictionary of image, but training_step takes"),
        ("colours", "gives images of shape (10, 3, 28, 28): MLP takes (N, 28, 28) or (N, 1, 28, 28)"),
        ("twelve classes", "gives labels from 0 to 11, but there are 10 classes"),
        ("probabilities", "gives labels of shape (10, 10) and type torch.float32: there should be a number for each"),
    ],
)
def test_what_the_standard_step_does_not_take_is_told_in_a_line(refused: Digits, kind: str, reason: str) -> None:
    message = refused("fit", "--model=MLP", f"--data={__name__}.OddLoader", f"--data.kind={kind}", *FIT)
    assert f"your loader {reason}" in message
    assert not list(Path().rglob("version_*"))


class OwnStepForDictionaries(Linear):
    """Takes a batch of each of several loaders."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return sum((super(Linear, self).training_step(one, batch_idx) for one in batch.values()), torch.zeros(()))


def test_a_step_of_ones_own_takes_a_dictionary_of_loaders(digits: Digits) -> None:
    data = (f"--data={__name__}.OddLoader", "--data.kind=dictionary of loaders", "--data.val_size=0")
    assert "Next:" in digits("fit", f"--model={__name__}.OwnStepForDictionaries", *data, *FIT)


class TakesAModule(Linear):
    """Has a module among its settings, which a checkpoint does not hold."""

    def __init__(self, activation: nn.Module, **training: Any) -> None:
        super().__init__(**training)


def test_settings_that_a_checkpoint_cannot_hold_are_refused_before_training(refused: Digits) -> None:
    message = refused("fit", f"--model={__name__}.TakesAModule", "--model.activation=torch.nn.ReLU", *FIT)
    assert "activation is a ReLU, which a checkpoint can't hold: let TakesAModule take numbers, texts" in message


class OwnSampler(MNISTDataModule):
    """Draws single images by torch's own means."""

    def train_dataloader(self) -> Any:
        weights = (self.train.data.labels[self.train.indices] < 5).float()
        return DataLoader(self.train, batch_size=20, sampler=WeightedRandomSampler(weights, 60))  # type: ignore[arg-type]

    def val_dataloader(self) -> Any:
        return DataLoader(self.val, batch_size=7, shuffle=False)


class SeesFew(Linear):
    """Clips gradients in its own way, and sees a part of the classes."""

    def configure_gradient_clipping(self, optimizer: Any, *limits: Any, **named: Any) -> None:
        self.clip_gradients(optimizer, gradient_clip_val=0.5, gradient_clip_algorithm="norm")

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        assert batch[0].shape == (20, 1, 28, 28)
        assert batch[1].max() < 5
        assert torch.equal(self.trainer.datamodule.train.data.labels[batch.indices], batch[1])  # type: ignore[attr-defined]
        return super().training_step(batch, batch_idx)


def test_a_sampler_and_clipping_of_ones_own(digits: Digits) -> None:
    options = (f"--model={__name__}.SeesFew", f"--data={__name__}.OwnSampler", "--trainer.precision=bf16-mixed")
    digits("fit", *options, *FIT)
    assert csv_rows("lightning_logs/SeesFew/version_0/metrics.csv")[0]["step"] == "3"
    scores = [digits("validate", *options[:2])[-200:], digits("validate", options[0])[-200:]]
    assert scores[0].splitlines()[-1] == scores[1].splitlines()[-1]  # also from batches of another size


class SavesMore(Linear):
    """Saves and loads without calling Classifier's hooks."""

    loaded = 0

    def __init__(self, more: str = "plain") -> None:
        super().__init__()
        self.more = more

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["more"] = {"plain": {"a": 1}, "path": Path("a"), "function": lambda: 1}[self.more]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        SavesMore.loaded = checkpoint["more"]["a"]


def test_a_network_that_saves_more_is_tested_and_resumed(digits: Digits) -> None:
    model = f"--model={__name__}.SavesMore"
    digits("fit", model, *FIT)
    assert "on 90 images" in digits("test", model)
    assert SavesMore.loaded == 1
    assert "Nothing to train" in digits("fit", model, *FIT, "--ckpt_path=last")


@pytest.mark.parametrize("more", ["path", "function"])
def test_what_a_checkpoint_cannot_hold_is_told_when_the_first_is_saved(refused: Digits, more: str) -> None:
    message = refused("fit", f"--model={__name__}.SavesMore", f"--model.more={more}", *FIT)
    assert "more holds what a checkpoint can't: save tensors and plain values in on_save_checkpoint" in message
    assert not list(Path().rglob("*.ckpt"))
