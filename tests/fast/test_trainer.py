"""`speed_up(trainer)` changes how a Trainer computes, can be left out, and undoes what it does to a network."""

import sys
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loops import fetchers, training_epoch_loop
from lightning.pytorch.loops.optimization import automatic
from lightning.pytorch.loops.training_epoch_loop import _TrainingEpochLoop
from lightning.pytorch.utilities import model_helpers
from torch import nn

from digits.fast import loop, trainer
from digits.fast.layers import Dropout, MaxPool2d
from digits.fast.trainer import speed_up, use_fast_path
from digits.models import SmallCNN
from tests.helpers import Digits

SHORT = ("fit", "--model=SmallCNN", "--trainer.max_epochs=1", "--pictures=false")
networks: list[LightningModule] = []
layers: list[type] = []
loops: list[type] = []


class Watching(Callback):
    """Notes by which classes a network and a Trainer compute, and keeps the network."""

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        networks[:] = [pl_module]
        layers[:] = [type(layer) for layer in pl_module.modules()]
        loops[:] = [type(trainer.fit_loop.epoch_loop)]


class Stopping(Callback):
    """Fails in the middle of an epoch."""

    def on_train_batch_end(self, *args: Any) -> None:
        raise RuntimeError("stopped")


@pytest.mark.parametrize("fast", [True, False])
def test_one_option_turns_all_of_it_off(fast: bool, digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    for name in ("prepare_process", "use_channels_last"):
        monkeypatch.setattr(trainer, name, lambda *_, name=name: called.append(name))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    watching = f"--trainer.callbacks={__name__}.Watching"
    out = digits(*SHORT, watching, f"--fast={str(fast).lower()}")
    assert ("precision bf16-mixed" in out) == fast
    assert ({Dropout, MaxPool2d} < set(layers)) == fast
    assert ({nn.Dropout, nn.MaxPool2d} < set(layers)) != fast
    assert loops == [loop.EpochLoop if fast else _TrainingEpochLoop]
    assert len(called) == (2 if fast else 0)
    config = yaml.safe_load(Path("lightning_logs/SmallCNN/version_0/config.yaml").read_text())
    assert config["fast"] == fast


@pytest.mark.parametrize("failing", [False, True])
def test_the_network_is_as_before_when_the_trainer_is_done(failing: bool, digits: Digits) -> None:
    watching = f"--trainer.callbacks={__name__}.Watching"
    if failing:
        with pytest.raises(RuntimeError, match="stopped"):
            digits(*SHORT, watching, f"--trainer.callbacks+={__name__}.Stopping")
    else:
        digits(*SHORT, watching)
    assert {Dropout, MaxPool2d} < set(layers)
    assert [type(one) for one in networks[0].modules()] == [type(one) for one in SmallCNN().modules()]


def new_trainer() -> Trainer:
    return Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)


class Missing:
    """In place of an attribute that a class no longer has, whatever it sets."""

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__} has changed")

    def __set__(self, instance: Any, value: Any) -> None:
        pass


def other_signature(self: Any, *, other: int) -> None:
    pass


def owner_of(one: Trainer, name: str) -> type:
    """The class that has the last part of `name`, one of `digits.fast.loop.NAMES`."""
    known = SimpleNamespace(
        trainer=one,
        module=LightningModule(),
        fetcher=loop._PrefetchDataFetcher(),
        result=loop.ClosureResult(None),
        result_class=loop.ClosureResult,
    )
    found = attrgetter(name.rpartition(".")[0])(known)
    return found if isinstance(found, type) else type(found)


def check_own_loop_is_left(one: Trainer, printed: str) -> None:
    assert type(one.fit_loop.epoch_loop) is _TrainingEpochLoop
    (line,) = printed.splitlines()
    assert line.startswith("Lightning ")
    assert line.endswith("training takes its own loop, which is slower.")


CHANGES: list[tuple[str, Any]] = [(name, Missing()) for name in loop.NAMES if "." in name]
CHANGES += [(name, other_signature) for name, arguments in loop.NAMES.items() if "." in name and arguments is not None]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_where_lightning_has_changed_inside_its_own_loop_is_left(
    name: str, change: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = new_trainer()
    monkeypatch.setattr(owner_of(one, name), name.rpartition(".")[2], change, raising=False)
    use_fast_path(one)
    check_own_loop_is_left(one, capsys.readouterr().out)


@pytest.mark.parametrize("name", ["_TrainingEpochLoop", "ClosureResult", "_PrefetchDataFetcher"])
def test_classes_that_are_made_otherwise_are_noticed(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = new_trainer()
    monkeypatch.setattr(getattr(loop, name), "__init__", other_signature)
    use_fast_path(one)
    check_own_loop_is_left(one, capsys.readouterr().out)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (fetchers, "_DataFetcher"),
        (fetchers, "_PrefetchDataFetcher"),
        (automatic, "ClosureResult"),
        (training_epoch_loop, "_TrainingEpochLoop"),
        (model_helpers, "is_overridden"),
    ],
)
def test_names_that_cannot_be_imported_are_noticed(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = new_trainer()
    monkeypatch.delitem(sys.modules, "digits.fast.loop")
    monkeypatch.delattr(module, name)
    use_fast_path(one)
    check_own_loop_is_left(one, capsys.readouterr().out)


def test_as_lightning_is_the_fast_path_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    one = new_trainer()
    speed_up(one)
    assert type(one.fit_loop.epoch_loop) is loop.EpochLoop
    assert capsys.readouterr().out == ""


def test_training_goes_on_without_a_name(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "digits.fast.loop")
    monkeypatch.delattr(automatic, "ClosureResult")
    out = digits(*SHORT, f"--trainer.callbacks={__name__}.Watching")
    assert out.count("cannot import name 'ClosureResult' from 'lightning.pytorch.loops.optimization.automatic'): ") == 1
    assert loops == [_TrainingEpochLoop]
    assert "Best validation accuracy" in out
