import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from digits.fast.process import fastest_precision, use_channels_last
from tests.helpers import Digits


@pytest.mark.parametrize(
    ("known", "precision"),
    [({"avx512_bf16": True}, "bf16-mixed"), ({"amx_bf16": True}, "bf16-mixed"), ({"avx512_bf16": False}, "32-true")],
)
def test_bf16_where_the_processor_has_it(known: dict, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert fastest_precision("cpu") == precision
    assert fastest_precision("mps") == "32-true"


@pytest.mark.slow
def test_precision_is_chosen_for_training_alone_and_can_be_given(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    short = ("fit", "--model=MLP", "--trainer.max_epochs=1", "--trainer.accelerator=cpu")
    assert "precision bf16-mixed (the fastest here)" in digits(*short)
    assert (
        yaml.safe_load(Path("lightning_logs/MLP/version_0/config.yaml").read_text())["trainer"]["precision"]
        == "bf16-mixed"
    )
    assert "precision 32-true" in digits(*short, "--trainer.precision=32-true")
    assert "precision 32-true" in digits("test", "--name=MLP")


@pytest.mark.slow
def test_tensorflow_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('imported')")
    code = (
        "from tensorboard.compat import tf\n"
        "try: tf.io\n"
        "except SystemExit as error: print(error)\n"  # or this test would show nothing
        "from digits.fast.process import leave_tensorflow_alone; leave_tensorflow_alone()\n"
        "from torch.utils.tensorboard import SummaryWriter; SummaryWriter('logs').close()\n"
        "print('left alone')"
    )
    path = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=path)
    assert result.stdout.splitlines() == ["imported", "left alone"], result.stderr


def test_lazy_layers_are_left_as_they_are() -> None:
    layers = nn.Sequential(nn.LazyConv2d(4, 5), nn.LazyLinear(3))
    use_channels_last(layers)
    assert layers(torch.zeros(1, 1, 28, 28)).shape == (1, 4, 24, 3)


def test_beside_an_apple_gpu_the_layout_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda there=there: there)
        layer = nn.Conv2d(3, 4, 5)
        use_channels_last(layer)
        assert layer.weight.is_contiguous() == there
