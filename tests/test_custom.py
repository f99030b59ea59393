"""What others build on: networks of their own, and this package's parts in programs of their own."""

import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from digits import load
from digits.callbacks import default_callbacks
from digits.cli import main
from digits.data import MNISTDataModule
from digits.errors import InputError
from digits.models import MLP, BatchNormCNN, Classifier
from tests.helpers import ROOT, Digits, same_weights, snippets

lightning_remarks = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers", "ignore:.*smaller than the logging interval", "ignore:.*no logger configured"
)


class Fixed(Classifier):
    """A network whose settings are its own."""

    def __init__(self, width: int = 16) -> None:
        super().__init__(lr=0.02)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, width), nn.Linear(width, 10))


class Wide(MLP):
    """Gives its parent some arguments itself."""

    def __init__(self, **training: Any) -> None:
        super().__init__(hidden=[24], label_smoothing=0.1, **training)


class Opaque(Classifier):
    """A network whose settings can't be told from its signature."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


class Untyped(MLP):
    """A network that says nothing of what it needs but its name."""

    def __init__(self, width) -> None:  # type: ignore[no-untyped-def]
        super().__init__(hidden=[width])


class Fives(MNISTDataModule):
    """Images with no settings."""

    def __init__(self) -> None:
        super().__init__(val_size=60, batch_size=30)


class Plain(LightningModule):
    """A module that knows nothing of this package."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(28 * 28, 10)
        self.losses: list[float] = []

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        images, labels = batch
        loss = F.cross_entropy(self.layer(images.flatten(1)), labels)
        self.losses.append(loss.item())
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        assert batch[0].shape[1:] == (1, 28, 28)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.01)


def plain_trainer(folder: Path, **options: Any) -> Trainer:
    return Trainer(
        accelerator="cpu", logger=False, default_root_dir=folder, enable_progress_bar=False, max_epochs=2, **options
    )


@pytest.fixture
def mine(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network, the data set and the callback of the docs in the module `mine`."""
    Path("mine.py").write_text("\n\n".join(snippets(ROOT / "docs/design.md")))
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.delitem(sys.modules, "mine", raising=False)


def test_the_data_set_and_the_callback_of_the_docs_work(digits: Digits, mine: None) -> None:
    fit = ("--model=MLP", "--data=mine.Bars", "--trainer.callbacks=mine.PrintError", "--trainer.max_epochs=2")
    assert digits("fit", *fit, "--pictures=false").count("error 0.00%") >= 1


def test_the_network_of_the_docs_trains_and_is_tested(digits: Digits, mine: None) -> None:
    digits("fit", "--model", "mine.Net", "--model.width", "128", "--model.lr", "0.002", "--trainer.max_epochs=4")
    checkpoint = "lightning_logs/Net/version_0/checkpoints/best.ckpt"
    for which in ([], [f"--ckpt_path={checkpoint}"]):
        accuracy = re.search(r"Test accuracy ([\d.]+)%", digits("test", "--model", "mine.Net", *which))
        assert accuracy is not None
        assert float(accuracy[1]) > 50
    content = torch.load(checkpoint, weights_only=True)
    assert content["hyper_parameters"] == {"width": 128, "lr": 0.002, "weight_decay": 0.01, "label_smoothing": 0.0}


def test_a_network_with_settings_of_its_own_is_found_again(digits: Digits) -> None:
    model = "--model=tests.test_custom.Fixed"
    digits("fit", model, "--model.width=24", "--trainer.max_epochs=1", "--pictures=false")
    content = torch.load("lightning_logs/Fixed/version_0/checkpoints/best.ckpt", weights_only=True)
    assert content["hyper_parameters"] == {"width": 24}
    assert "on 90 images" in digits("test", model)
    images = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8)
    assert len(load("lightning_logs/Fixed/version_0").predict(images).classes) == 3  # this file is imported


def test_a_network_that_fixes_arguments_of_its_parent_is_found_again(digits: Digits) -> None:
    digits("fit", "--model=tests.test_custom.Wide", "--model.lr=0.01", "--trainer.max_epochs=1", "--pictures=false")
    assert "on 90 images" in digits("test", "--model=tests.test_custom.Wide")
    assert load("lightning_logs/Wide/version_0").model.hparams == {"lr": 0.01, "weight_decay": 0.01}
    assert Wide(weight_decay=0.1).hparams == {"lr": 0.002, "weight_decay": 0.1}
    assert MLP([24]).hparams == {"hidden": [24], "lr": 0.002, "weight_decay": 0.01, "label_smoothing": 0.0}


def test_networks_and_images_without_settings_are_trained_and_tested(
    digits: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ("--model=tests.test_custom.Opaque", "--data=tests.test_custom.Fives", "--trainer.accelerator=cpu")
    search = ("--trainer.callbacks=BatchSizeFinder", "--trainer.callbacks.max_trials=1", "--pictures=false")
    main(["fit", *own, *search, "--trainer.max_epochs=1"])
    assert "digits test --name Opaque --model tests.test_custom.Opaque" in capsys.readouterr().out
    main(["test", *own])
    assert "on 90 images" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="was planned for 120 steps"):  # by the batch size that was found
        main(["fit", *own, *search, "--trainer.max_epochs=1", "--ckpt_path=last"])


def test_a_setting_that_is_missing_is_named_whatever_its_class_says_of_it(digits: Digits) -> None:
    with pytest.raises(SystemExit, match=r"--model\.width is missing, which Untyped needs"):
        digits("fit", "--model=tests.test_custom.Untyped")
    assert not Path("lightning_logs").exists()


def test_an_ensemble_or_what_is_not_imported_is_not_loaded(trained: Digits) -> None:
    trained()
    path = Path("lightning_logs/MLP/version_0/checkpoints/best.ckpt")
    content = torch.load(path, weights_only=True)
    for other in ("digits.ensemble.Ensemble", "antigravity.Net", "torch.nn.Linear"):
        torch.save({**content, "class_path": other}, path)
        with pytest.raises(InputError, match="not one of this package's networks: import its module"):
            load(path)
    assert "antigravity" not in sys.modules


@lightning_remarks
def test_networks_train_on_any_images(tmp_path: Path) -> None:
    loader = DataLoader(TensorDataset(torch.randn(60, 1, 28, 28), torch.randint(0, 10, (60,))), 20)
    trainer, model = plain_trainer(tmp_path), BatchNormCNN()
    trainer.fit(model, loader, loader)
    (scores,) = trainer.test(model, loader, verbose=False)
    assert scores["test/images"] == 60
    again = BatchNormCNN.load_from_checkpoint(trainer.checkpoint_callback.best_model_path)  # type: ignore[union-attr]
    assert same_weights(model.state_dict(), again.state_dict())


@lightning_remarks
def test_the_callbacks_of_the_package_work_without_a_data_module(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loader = DataLoader(TensorDataset(torch.randn(60, 1, 28, 28), torch.randint(0, 10, (60,))), 20)
    own = default_callbacks(None, checkpoints=False, logs=False, pictures=False, progress_bar=False)
    trainer, model = plain_trainer(tmp_path, callbacks=own, enable_checkpointing=False), BatchNormCNN()
    trainer.fit(model, loader, loader)
    trainer.validate(model, loader, verbose=False)
    trainer.test(model, loader, verbose=False)
    assert "on 60 images" in capsys.readouterr().out.splitlines()[-1]


@lightning_remarks
def test_data_modules_train_any_module(tiny_mnist: Path, tmp_path: Path) -> None:
    model = Plain()
    plain_trainer(tmp_path).fit(model, datamodule=MNISTDataModule(val_size=60, batch_size=30, rotation=5))
    assert len(model.losses) == 16
    assert model.losses[-1] < model.losses[0]


@lightning_remarks
def test_a_network_is_trained_further_after_it_was_scored(tiny_mnist: Path, tmp_path: Path) -> None:
    quiet = partial(plain_trainer, tmp_path, enable_checkpointing=False, enable_model_summary=False)
    model, data = MLP([16]), MNISTDataModule(val_size=60, batch_size=120)
    quiet().fit(model, data)
    (scores,) = quiet().validate(model, data, verbose=False)
    assert {"val/loss", "val/accuracy", "val/error"} <= scores.keys()
    again = quiet().validate(model, data.val_dataloader(), verbose=False)  # without the data module
    assert again == [scores]
    quiet().test(model, data, verbose=False)
    quiet().fit(model, data)
    assert model.trained_on is not None


@lightning_remarks
def test_a_network_is_trained_on_other_classes_after_its_first(tiny_mnist: Path, tmp_path: Path) -> None:
    quiet = partial(plain_trainer, tmp_path, enable_checkpointing=False, enable_model_summary=False)
    model, data = MLP([16]), MNISTDataModule(val_size=60, batch_size=120)
    quiet().fit(model, data)
    data.classes = [*data.classes, "ten"]
    quiet().fit(model, data)
    assert model.classes == tuple(data.classes)
    assert model.layers[-1].out_features == 11
