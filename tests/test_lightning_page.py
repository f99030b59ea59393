"""The snippets of docs/lightning.md run, and so does the sweep."""

import importlib
import importlib.util
import runpy
import sys
from pathlib import Path

import pytest
import torch

from tests.helpers import ROOT, Digits, read_events, snippets

FIT = ("--pictures=false", "--trainer.max_epochs=1")


@pytest.fixture
def mine(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> Digits:
    """The command line, beside a file with all snippets of the page."""
    Path("mine.py").write_text("\n".join(snippets(ROOT / "docs/lightning.md")))
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    return digits


def test_the_snippets_of_the_page(mine: Digits) -> None:
    out = mine(
        "fit", "--model=mine.Net", "--model.width=8", "--data=mine.Bars", *FIT, "--trainer.callbacks=mine.SayEpoch"
    )
    assert "epoch 0: learning rate" in out
    assert "on 300 images" in mine("test", "--model=mine.Net", "--data=mine.Bars")
    mine("fit", "--model=mine.SmallCNNWithSGD", "--model.lr=0.01", *FIT, "--trainer.logger=mine.Counter")
    assert importlib.import_module("mine").Counter.seen > 0


def test_a_metric_of_ones_own_is_shown_logged_and_monitored(mine: Digits) -> None:
    early = ("--trainer.callbacks+=EarlyStopping", "--trainer.callbacks.monitor=val/f1", "--trainer.callbacks.mode=max")
    out = mine("fit", "--model=MLP", *FIT, "--trainer.callbacks=mine.F1", *early)
    assert ", val/f1 " in out
    assert "val/f1" in read_events(Path("lightning_logs/MLP/version_0")).Tags()["scalars"]


def test_weights_from_elsewhere_become_a_checkpoint(mine: Digits) -> None:
    page = importlib.import_module("mine")
    torch.save(page.Net().layers.state_dict(), "weights.pt")
    page.train_further("weights.pt", "net.ckpt", val_size=60)
    assert "error" in mine("test", "--model=mine.Net", "--ckpt_path=net.ckpt")


def test_the_sweep(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("optuna")
    specification = importlib.util.spec_from_file_location("sweep", ROOT / "examples/sweep.py")
    assert specification is not None
    assert specification.loader is not None
    sweep = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(sweep)
    sweep.sweep(2, ["--model=MLP", "--model.hidden=[16]", "--data.val_size=60", "--trainer.max_epochs=1"])
    out = capsys.readouterr().out
    assert "sweep/trial1/version_0" in out or "trial1/version_0" in out
    assert "Best: --model.lr" in out


@pytest.mark.parametrize(("module", "example"), [("optuna", "sweep.py"), ("ray", "ray_predict.py")])
def test_an_example_without_its_extra_is_one_line(module: str, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match=r"^error: this example needs \w+: pip install 'digits\[\w+\]'$"):
        runpy.run_path(str(ROOT / "examples" / example))
