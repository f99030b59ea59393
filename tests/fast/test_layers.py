import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import yaml
from torch import nn

from digits.fast.process import (
    Dropout,
    MaxPool2d,
    fastest_precision,
    use_channels_last,
)
from tests.helpers import Digits


@pytest.mark.parametrize("p", [0.2, 0.25, 0.5])
@pytest.mark.parametrize("shape", [(200, 40), (40, 5, 7, 9)])
def test_dropout_drops_and_scales_what_it_keeps(p: float, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape) + 1
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    layer = Dropout(p)
    y = layer(x.requires_grad_())
    kept = y != 0
    torch.testing.assert_close(y[kept], x[kept] / (1 - p))
    assert kept.float().mean() == pytest.approx(1 - p, abs=4 * (p * (1 - p) / x.numel()) ** 0.5)
    y.sum().backward()
    torch.testing.assert_close(x.grad, kept / (1 - p))
    assert torch.equal(layer.eval()(x), x)


def test_dropout_is_independent_of_neighbours_and_follows_the_seed() -> None:
    x, layer = torch.ones(400_000), Dropout(0.5)
    torch.manual_seed(3)
    first, second = layer(x), layer(x)
    torch.manual_seed(3)
    assert torch.equal(layer(x), first)
    assert not torch.equal(first, second)
    kept = (first > 0).float() - 0.5
    for lag in (1, 2, 3, 4, 8):
        assert abs((kept[lag:] * kept[:-lag]).mean()) < 4 * 0.25 / len(x) ** 0.5


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [(8, 6), (7, 5), (2, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_max_pooling_is_torchs(dtype: torch.dtype, size: tuple[int, int], layout: torch.memory_format) -> None:
    # No two of four are equal, so that the gradient has one place to go; bf16 holds whole numbers up to 256.
    corner = torch.arange(size[0]).view(-1, 1) % 2 * 2 + torch.arange(size[1]) % 2
    x = (torch.randint(60, (3, 4, *size)) * 4 + corner).to(dtype).contiguous(memory_format=layout)
    expected = F.max_pool2d(x, 2)
    assert torch.equal(MaxPool2d()(x), expected)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    pooled = MaxPool2d()(ours)
    assert torch.equal(pooled, expected)
    grad = torch.randn_like(expected)
    pooled.backward(grad)
    F.max_pool2d(theirs, 2).backward(grad)
    assert torch.equal(ours.grad, theirs.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "precision"),
    [({"avx512_bf16": True}, "bf16-mixed"), ({"amx_bf16": True}, "bf16-mixed"), ({"avx512_bf16": False}, "32-true")],
)
def test_bf16_where_the_processor_has_it(known: dict, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert fastest_precision("cpu") == precision
    assert fastest_precision("mps") == "32-true"


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
    assert "precision 32-true, " in digits(*short, "--trainer.precision=32-true")
    assert "precision 32-true, " in digits("test", "--name=MLP")


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


def test_beside_an_apple_gpu_the_layout_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda there=there: there)
        layer = nn.Conv2d(3, 4, 5)
        use_channels_last(layer)
        assert layer.weight.is_contiguous() == there
