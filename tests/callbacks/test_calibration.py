import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from lightning.pytorch import Trainer

from digits.callbacks import Calibration
from digits.data import MNISTDataModule
from digits.data.mnist import WRONG_LABELS
from digits.metrics import fit_temperature
from digits.models import MLP
from tests.helpers import Digits


@pytest.mark.slow
def test_without_validation_the_temperature_is_fitted_at_the_end(digits: Digits) -> None:
    digits("fit", "--model=MLP", "--model.label_smoothing=0.5", "--trainer.max_epochs=3", "--data.val_size=0")
    saved = torch.load("lightning_logs/MLP/version_0/checkpoints/last.ckpt", weights_only=True)
    assert saved["temperature"] < 0.9
    assert saved["epoch"] == 2
    assert f"temperature {saved['temperature']:.2f}" in digits("test", "--name=MLP")


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_the_temperature_undoes_a_scale(scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, 10, generator=generator) * 2
    labels = torch.multinomial(logits.softmax(1), 1, generator=generator).squeeze(1)
    assert fit_temperature(logits * scale, labels) == pytest.approx(scale, rel=0.04)


def test_the_temperature_is_the_best_one() -> None:
    logits, labels = torch.randn(500, 10), torch.randint(0, 10, (500,))
    logits[torch.arange(500), labels] += 3
    best = fit_temperature(logits, labels)
    losses = {t: F.cross_entropy(logits / t, labels) for t in (best, best * 1.03, best / 1.03)}
    assert min(losses, key=lambda t: losses[t]) == best


def test_a_network_that_is_always_right_stays_within_bounds() -> None:
    assert fit_temperature(torch.eye(10), torch.arange(10)) == pytest.approx(0.1, rel=0.01)


def test_checkpoints_keep_the_temperature_and_tests_apply_it(digits: Digits) -> None:
    digits("fit", "--model=MLP", "--model.label_smoothing=0.5", "--trainer.max_epochs=3")
    path = Path("lightning_logs/MLP/version_0/checkpoints/best.ckpt")
    saved = torch.load(path, weights_only=True)
    assert saved["temperature"] != 1
    out = digits("test", "--name=MLP")
    assert f"temperature {saved['temperature']:.2f}" in out
    known = json.loads((path.parents[1] / "test.json").read_text())["MNISTDataModule"]
    assert 0 <= known["calibration_error"] <= 1
    assert f"calibration error {known['calibration_error']:.2%}" in out
    torch.save(saved | {"temperature": 1.0}, path)
    digits("test", "--name=MLP")
    plain = json.loads((path.parents[1] / "test.json").read_text())["MNISTDataModule"]
    assert plain["error"] == known["error"]
    assert plain["loss"] > known["loss"]  # the smoothed network was less sure than it could be


def test_the_wrong_labels_are_those_of_the_official_test_images(
    digits: Digits, trained: Digits, tiny_mnist: Path
) -> None:
    small = MNISTDataModule()
    small.setup("test")
    assert small.wrong_labels == ()
    assert len(WRONG_LABELS) == 15
    trained()
    assert "wrong labels" not in digits("test", "--name=MLP")


def test_the_known_wrong_labels_are_those_of_mnist_s_test_images() -> None:
    data = MNISTDataModule()
    data.setup("test")
    assert list(data.wrong_labels) == list(WRONG_LABELS)
    assert {i: int(data.test.labels[i]) for i in WRONG_LABELS} == WRONG_LABELS


def test_validating_again_changes_neither_the_temperature_nor_what_is_doubted(tiny_mnist: Path, tmp_path: Path) -> None:
    network, calibration = MLP(hidden=[16]), Calibration()
    options: dict[str, Any] = {"accelerator": "cpu", "logger": False, "default_root_dir": tmp_path}
    trainer = Trainer(
        max_epochs=2, callbacks=[calibration], enable_checkpointing=False, enable_progress_bar=False, **options
    )
    data = MNISTDataModule(val_size=60, batch_size=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(network, data)
        fitted = network.temperature, network.doubt
        trainer.validate(network, data, verbose=False)
    assert fitted[0] != 1
    assert (network.temperature, network.doubt) == fitted
