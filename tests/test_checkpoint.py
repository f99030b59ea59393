"""Checkpoints from strangers, and broken ones."""

import math
import shutil
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch

from digits.checkpoint import Checkpoint
from digits.errors import InputError
from digits.models import MLP
from digits.schema import VERSION
from tests.helpers import SMALL_FIT, Digits


def change(saved: dict[str, Any], **changes: Any) -> None:
    torch.save(saved | changes, "bad.ckpt")


@pytest.mark.parametrize("command", ["test", "predict", "validate", "export"])
def test_what_does_not_fit_is_refused_with_the_reason(command: str, saved: dict[str, Any], refused: Digits) -> None:
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
        (
            {"hyper_parameters": {"hidden": "many", "lr": 0.1}},
            "holds settings that no network has: --model.hidden must",
        ),
        ({"class_path": "digits.models.Nothing"}, "digits.models.Nothing, not one of"),
        ({"class_path": "digits.models.pool_relu"}, "digits.models.pool_relu, not one of"),
        ({"class_path": "digits.__main__.main"}, "holds a digits.__main__.main"),
        ({"class_path": "os.system"}, "holds a os.system"),
        ({}, "has no pytorch-lightning_version"),
    ]
    for changes, reason in cases if command == "test" else cases[:1]:
        change(saved, **changes)
        assert reason in refused(command, "--ckpt_path=bad.ckpt"), changes
    assert not Path("lightning_logs/runs").exists()


def test_resuming_from_a_broken_network_is_refused(trained: Digits, refused: Digits) -> None:
    trained()
    saved = torch.load("lightning_logs/MLP/version_0/checkpoints/last.ckpt", weights_only=True)
    saved["state_dict"]["layers.1.bias"][0] = math.inf
    change(saved)
    assert "layers.1.bias holds values that are not finite" in refused("fit", *SMALL_FIT, "--ckpt_path=bad.ckpt")


@pytest.mark.parametrize("command", ["test", "predict", "validate", "export", "fit"])
def test_nothing_that_hyperparameters_name_is_imported_or_called(
    command: str, trained: Digits, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained()
    monkeypatch.syspath_prepend(".")
    Path("trap.py").write_text("open('sprung', 'w')\ndef spring(*args, **kwargs): pass\nclass Net: pass\n")
    saved = torch.load("lightning_logs/MLP/version_0/checkpoints/last.ckpt", weights_only=True)
    plain = saved["hyper_parameters"]
    traps: list[dict[str, Any]] = [
        {"hyper_parameters": plain | {"_instantiator": "trap.spring"}},  # as in CVE-2026-58659
        {"hyper_parameters": plain | {"_class_path": "trap.Net"}},
        {"hyper_parameters": {"class_path": "trap.Net", "init_args": {}}},
        {"class_path": "trap.Net"},
    ]
    for changes in traps if command in ("test", "fit") else traps[:1]:  # the others read checkpoints as `test` does
        change(saved, **changes)
        refused(command, *(SMALL_FIT if command == "fit" else ()), "--ckpt_path=bad.ckpt")
        assert not Path("sprung").exists()


@pytest.fixture
def saved(tmp_path: Path) -> dict[str, Any]:
    """What a checkpoint of a small network holds."""
    model = MLP(hidden=[16])
    data = {"mean": 0.13, "std": 0.3, "classes": list("0123456789")}
    content: dict[str, Any] = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams), "data": data}
    model.on_save_checkpoint(content)
    return content | {"data": data, "epoch": 2, "global_step": 30}


DATA = {"mean": 0.13, "std": 0.3, "classes": list("0123456789")}
BROKEN: list[tuple[dict[str, Any], str]] = [
    *(({"data": DATA | {"std": value}}, "data.std") for value in (0, -1.0, math.nan, math.inf, "0.3", None, True)),
    *(({"data": DATA | {"mean": value}}, "data.mean") for value in (math.nan, 2.0, [0.1], torch.zeros(1))),
    ({"data": DATA | {"mean": torch.zeros(1).expand(1 << 40)}}, "data.mean"),
    *(({"temperature": value}, "temperature") for value in (0, -1, math.nan, math.inf, "1", torch.ones(1))),
    ({"second_look": 1.5}, "second_look"),
    ({"temperature": 10**5000}, "objects of Python"),
    *(({"doubt": value}, "doubt") for value in ([0.5], {"unsure": 2.0}, {"unsure": "1"}, {"sure": 0.5})),
    ({"data": DATA | {"classes": list("012")}}, "names 3 classes, but its network tells 10 apart"),
    ({"data": DATA | {"classes": ["<img src=x onerror=alert(1)>", *"123456789"]}}, "data.classes"),
    ({"data": DATA | {"classes": ["a" * 1000, *"123456789"]}}, "data.classes"),
    ({"data": DATA | {"classes": ["\x1b[2J", *"123456789"]}}, "data.classes"),
    ({"data": DATA | {"classes": "0123456789"}}, "data.classes"),
    ({"data": DATA | {"classes": ["1", "1", *"23456789"]}}, "data.classes"),
    ({"data": DATA | {"classes": ["\u202e0", *"123456789"]}}, "data.classes"),
    ({"data": {"mean": 0.1}}, "data must be"),
    ({"data": [1, 2]}, "data must be"),
    ({"state_dict": [1]}, "state_dict"),
    ({"state_dict": {"layers.1.weight": 3}}, "state_dict"),
    ({"state_dict": {"layers.1.weight": torch.zeros(1).expand(16, 784)}}, "state_dict"),
    ({"state_dict": {"layers.1.weight": torch.zeros(2, 2).to_sparse()}}, "damaged"),
    ({"state_dict": {"layers.1.weight": torch.zeros(16, 784).to(torch.complex64)}}, "state_dict"),
    ({"state_dict": {"layers.1.weight": torch.zeros(16, 784, device="meta")}}, "state_dict"),
    ({"state_dict": {7: torch.zeros(2)}}, "state_dict"),
    ({"class_path": 5}, "class_path"),
    ({"class_path": "a" * 10_000}, "class_path"),
    ({"class_path": "digits.models.MLP\n\x1b[31m"}, "class_path"),
    ({"hyper_parameters": [16]}, "hyper_parameters"),
    ({"hyper_parameters": {"hidden": [1] * 200_000}}, "hyper_parameters"),
    ({"hyper_parameters": {"hidden": [1_000_000], "lr": 0.1}}, "does not fit MLP"),
    ({"hyper_parameters": {"hidden": [1 << 40], "lr": 0.1}}, "does not fit MLP"),
    ({"hyper_parameters": {"hidden": [-5], "lr": 0.1}}, "--model.hidden"),
    ({"hyper_parameters": {"hidden": [[[[[[[[1]]]]]]]]}}, "hyper_parameters"),
    ({"datamodule_hyper_parameters": "x"}, "datamodule_hyper_parameters"),
    ({"global_step": -1}, "global_step"),
    ({"epoch": "two"}, "epoch"),
    ({"callbacks": [1]}, "callbacks"),
    ({"optimizer_states": {"a": 1}}, "optimizer_states"),
    ({"train_scores": {"correct": torch.zeros(5)}}, "train_scores"),
    *(
        ({"fingerprints": value}, "fingerprints must be at most 8192 numbers")
        for value in (torch.zeros(3), torch.zeros(9000, dtype=torch.int64), torch.ones((2, 2), dtype=torch.int64), [1])
    ),
    *(({VERSION: value}, f"{VERSION} must be 2.0.0 or") for value in ("1.4.0", "abc", 7, None, "2.6.6\x1b[2J")),
]


@pytest.mark.parametrize(("changes", "reason"), BROKEN, ids=range(len(BROKEN)))
def test_every_field_is_checked_before_anything_is_allocated(
    saved: dict[str, Any], tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "bad.ckpt"
    torch.save(saved | changes, path)
    start = time.process_time()
    tracemalloc.start()
    with pytest.raises(InputError) as info:
        Checkpoint.read(path).network()
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    assert time.process_time() - start < 10
    assert reason in str(info.value)
    assert len(str(info.value)) < 500
    assert str(info.value).isprintable()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors", "ignore:.*quantized tensor creation")
@pytest.mark.parametrize("kind", ["nested", "quantized"])
def test_tensors_of_other_kinds_are_refused(saved: dict[str, Any], tmp_path: Path, kind: str) -> None:
    rows = [torch.zeros(784)] * 16
    weight = (
        torch.nested.nested_tensor(rows)
        if kind == "nested"
        else torch.quantize_per_tensor(torch.stack(rows), 0.1, 0, torch.qint8)
    )
    torch.save(saved | {"state_dict": {"layers.1.weight": weight}}, tmp_path / "bad.ckpt")
    with pytest.raises(InputError, match=r"bad\.ckpt is (broken|damaged)"):
        Checkpoint.read(tmp_path / "bad.ckpt")


def test_damage_anywhere_in_the_file_is_found(saved: dict[str, Any], tmp_path: Path) -> None:
    path, damaged = tmp_path / "whole.ckpt", tmp_path / "damaged.ckpt"
    torch.save(saved, path)
    weights = Checkpoint.read(path).network().state_dict()
    whole = path.read_bytes()
    harmless = 0
    for place in range(5, len(whole), len(whole) // 150):
        for change in (bytes([whole[place] ^ 8]), bytes(64)):
            damaged.write_bytes(whole[:place] + change + whole[place + len(change) :])
            try:
                found = Checkpoint.read(damaged).network()
            except InputError:
                continue
            harmless += 1  # padding between the members
            assert all(torch.equal(value, weights[name]) for name, value in found.state_dict().items())
            assert found.trained_on == Checkpoint.read(path).trained_on
    assert harmless < 100


def test_an_archive_that_would_grow_when_unpacked_is_refused(saved: dict[str, Any], tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "whole.ckpt")
    shutil.unpack_archive(tmp_path / "whole.ckpt", tmp_path / "unpacked", "zip")
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "unpacked")  # compressed
    with pytest.raises(InputError, match="damaged or not a checkpoint"):
        Checkpoint.read(tmp_path / "packed.zip")


@pytest.mark.parametrize("named", ["local://{}", "{}", "lightning_logs/MLP/version_0/checkpoints/../../../../{name}"])
def test_a_path_in_a_checkpoint_is_never_followed(digits: Digits, trained: Digits, tmp_path: Path, named: str) -> None:
    fit = (*SMALL_FIT, "--trainer.max_epochs=3", "--trainer.callbacks=ModelCheckpoint")
    trained(*fit, "--trainer.callbacks.save_top_k=-1")
    first = next(Path("lightning_logs/MLP/version_0/checkpoints").glob("epoch=0*.ckpt"))
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    saved = torch.load(first, weights_only=True)
    target = named.format(precious, name="precious")
    state = {"best_model_path": target, "kth_best_model_path": target, "best_k_models": {target: torch.tensor(0.0)}}
    state |= {"best_model_score": torch.tensor(0.0), "dirpath": str(first.parent.resolve()), "last_model_path": target}
    (users_own,) = (key for key in saved["callbacks"] if "ModelCheckpoint" in key)
    saved["callbacks"] |= {key: dict(state) for key in (users_own, "digits.best", "digits.last")}
    torch.save(saved, first)
    digits("fit", *fit, f"--ckpt_path={first}")
    assert torch.load(first.parent / "last.ckpt", weights_only=True)["epoch"] == 2
    assert (precious / "file").read_text() == "kept"


def test_a_run_that_was_moved_keeps_its_best_epoch(digits: Digits) -> None:
    fit = ("fit", *SMALL_FIT, "--trainer.max_epochs=4")
    digits(*fit, "--name=whole")
    run = Path("lightning_logs/whole/version_0")
    first = torch.load(run / "checkpoints/last.ckpt", weights_only=True)["callbacks"]["digits.best"]
    shutil.copytree(run, "lightning_logs/moved/version_3")
    shutil.rmtree(run)
    content = torch.load("lightning_logs/moved/version_3/checkpoints/last.ckpt", weights_only=True)
    assert content["callbacks"]["digits.best"] == first
    assert set(first) == {"best_model_score"}
    digits(*fit, "--name=moved", "--ckpt_path=last")
    after = torch.load("lightning_logs/moved/version_3/checkpoints/last.ckpt", weights_only=True)
    assert after["callbacks"]["digits.best"] == first
