"""Checkpoints from strangers, and broken ones."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.helpers import Digits

FIT = ("fit", "--model=MLP", "--model.hidden=[16]", "--trainer.max_epochs=1", "--pictures=false")


def change(saved: dict[str, Any], **changes: Any) -> None:
    torch.save(saved | changes, "bad.ckpt")


@pytest.mark.parametrize("command", ["test", "predict", "validate", "export"])
def test_what_does_not_fit_is_refused_with_the_reason(command: str, digits: Digits, refused: Digits) -> None:
    digits(*FIT)
    saved = torch.load("lightning_logs/MLP/version_0/checkpoints/best.ckpt", weights_only=True)
    weights = saved["state_dict"]
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"state_dict": weights | {"layers.1.bias": torch.zeros(5)}},
            "does not fit MLP: size mismatch for layers.1.bias",
        ),
        ({"state_dict": {}}, "does not fit MLP: Missing key"),
        (
            {"state_dict": weights | {"layers.1.bias": torch.full((16,), math.nan)}},
            "layers.1.bias holds values that are",
        ),
        ({"hyper_parameters": {"nonsense": 3}}, "does not fit MLP"),
        ({"hyper_parameters": {"hidden": "many", "lr": 0.1}}, "does not fit MLP"),
        ({"class_path": "digits.models.Nothing"}, "digits.models.Nothing, which is not one of"),
        ({"class_path": "digits.models.pool_relu"}, "digits.models.pool_relu, which is not one of"),
        ({"class_path": "digits.__main__.main"}, "holds a digits.__main__.main"),
        ({"class_path": "os.system"}, "holds a os.system"),
    ]
    for changes, reason in cases:
        change(saved, **changes)
        assert reason in refused(command, "--ckpt_path=bad.ckpt"), changes
    assert not Path("lightning_logs/runs").exists()


def test_resuming_from_a_broken_network_is_refused(digits: Digits, refused: Digits) -> None:
    digits(*FIT)
    saved = torch.load("lightning_logs/MLP/version_0/checkpoints/last.ckpt", weights_only=True)
    saved["state_dict"]["layers.1.bias"][0] = math.inf
    change(saved)
    assert "layers.1.bias holds values that are not finite" in refused(*FIT, "--ckpt_path=bad.ckpt")


@pytest.mark.parametrize("command", ["test", "predict", "validate", "export", "fit"])
def test_nothing_that_hyperparameters_name_is_imported_or_called(
    command: str, digits: Digits, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits(*FIT)
    monkeypatch.syspath_prepend(".")
    Path("trap.py").write_text("open('sprung', 'w')\ndef spring(*args, **kwargs): pass\nclass Net: pass\n")
    saved = torch.load("lightning_logs/MLP/version_0/checkpoints/last.ckpt", weights_only=True)
    plain = saved["hyper_parameters"]
    for changes in (
        {"hyper_parameters": plain | {"_instantiator": "trap.spring"}},  # as in CVE-2026-58659
        {"hyper_parameters": plain | {"_class_path": "trap.Net"}},
        {"hyper_parameters": {"class_path": "trap.Net", "init_args": {}}},
        {"class_path": "trap.Net"},
    ):
        change(saved, **changes)
        refused(*(FIT if command == "fit" else [command]), "--ckpt_path=bad.ckpt")
        assert not Path("sprung").exists()
