"""Gradients by CUDA graphs are those of steps one by one; who looks into a step gets it one by one."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import LambdaCallback, LearningRateMonitor
from torch import Tensor, nn

from digits.data.dataset import Batch
from digits.fast import loop
from digits.fast.graphs import WARM_UP, StepGraphs, is_recordable
from digits.models import MLP
from tests.helpers import Digits, run_state

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def batches(*sizes: int) -> list[Batch]:
    generator = torch.Generator().manual_seed(0)
    return [Batch(torch.randn(n, 1, 28, 28, generator=generator), torch.arange(n) % 10, torch.arange(n)) for n in sizes]


class Gradients:
    """Computes the gradients of a network, and keeps the batches that it was given."""

    def __init__(self) -> None:
        self.network = MLP([4])
        self.given: list[Batch] = []

    def __call__(self, batch: Batch, batch_idx: int) -> dict[str, Any]:
        self.given.append(batch)
        self.network.zero_grad()
        loss = nn.functional.cross_entropy(self.network(batch.images), batch.labels)
        loss.backward()
        return {"loss": loss.detach()}

    @property
    def found(self) -> list[Tensor]:
        return [one.grad.clone() for one in self.network.parameters() if one.grad is not None]


def test_a_graph_reads_each_batch_and_sets_the_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Gradients()
    steps = StepGraphs(compute.network, compute)
    recorded: list[Batch] = []

    class Graph:
        """What a GPU does, done anew: it writes to where it wrote when it was recorded."""

        def capture_begin(self, capture_error_mode: str) -> None:
            self.first = len(compute.given)

        def capture_end(self) -> None:
            recorded.append(compute.given[self.first])

        def replay(self) -> None:
            one = next(one for one in steps.recordings.values() if one.graph is self)
            loss = compute(one.batch, 0)["loss"]
            one.outputs["loss"].copy_(loss)
            for parameter, gradient in one.gradients:
                assert parameter.grad is not None
                gradient.copy_(parameter.grad)
                parameter.grad = None

    stream = SimpleNamespace(wait_stream=lambda other: None)
    for name, value in {"CUDAGraph": Graph, "Stream": lambda: stream, "current_stream": lambda: stream}.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)

    losses = []
    for i, batch in enumerate(batches(*[8, 7] * 5)):
        outputs = steps(batch, i)
        losses.append(outputs["loss"])
        found = compute.found
        expected = compute(batch, i)
        assert torch.equal(outputs["loss"], expected["loss"])
        assert all(torch.equal(a, b) for a, b in zip(found, compute.found, strict=True))
    assert [len(one.images) for one in recorded] == [8, 7]
    assert len({float(loss) for loss in losses}) == 10  # none was overwritten by a later one


def test_non_digits_and_teachers_are_computed_one_by_one() -> None:
    compute = Gradients()
    steps = StepGraphs(compute.network, compute)
    unlike, taught = batches(8, 8)
    unlike.has_non_digits = True
    taught.soft_labels = torch.full((8, 10), 0.1)
    for i in range(WARM_UP + 1):
        steps(unlike, i)
        steps(taught, i)
    assert not steps.seen
    assert compute.given == [unlike, taught] * (WARM_UP + 1)


class Own(Callback):
    """One of a user's."""


class OwnNetwork(MLP):
    """One of a user's."""


def recordable(callbacks: list[Callback], network: MLP, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(type(network), "device", torch.device("cuda"))
    return is_recordable(SimpleNamespace(callbacks=callbacks), network)  # type: ignore[arg-type]


def test_steps_into_which_somebody_looks_are_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_recordable(SimpleNamespace(callbacks=[]), MLP([4]))  # type: ignore[arg-type] # on a CPU
    assert recordable([LearningRateMonitor()], MLP([4]), monkeypatch)
    assert not recordable([Own()], MLP([4]), monkeypatch)
    assert not recordable([LambdaCallback()], MLP([4]), monkeypatch)
    assert not recordable([], OwnNetwork([4]), monkeypatch)

    hooked = MLP([4])
    hooked.layers[1].register_forward_hook(lambda *args: None)
    assert not recordable([], hooked, monkeypatch)
    hooked = MLP([4])
    next(hooked.parameters()).register_hook(lambda gradient: None)
    assert not recordable([], hooked, monkeypatch)
    compiled = MLP([4])
    compiled._compiled_call_impl = compiled.forward  # as `compile` does, which imports what takes seconds
    assert not recordable([], compiled, monkeypatch)
    with torch.autograd.set_detect_anomaly(True):
        assert not recordable([], MLP([4]), monkeypatch)


FIT = ("--trainer.max_epochs=2", "--pictures=false")


def test_what_can_not_be_recorded_is_computed(digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for name in ("recorded", "plain"):
        tried: list[bool] = []
        monkeypatch.setattr(loop, "is_recordable", lambda *args, name=name: name == "recorded")
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda tried=tried: fail(tried))
        digits("fit", "--model=MLP", *FIT, f"--name={name}")
        assert len(tried) == 2 * (name == "recorded")  # once an epoch
        ends.append(run_state(tmp_path / "lightning_logs" / name / "version_0"))
    assert ends[0] == ends[1]


def fail(tried: list[bool]) -> Any:
    tried.append(True)
    raise RuntimeError("CUDA error: operation not permitted when stream is capturing")


# Some kernels of convolutions in float32 give another result each time.
ON_GPU = ("--trainer.accelerator=gpu", "--trainer.deterministic=true")


@on_gpu
@pytest.mark.parametrize(
    "options",
    [
        "--config=mlp",
        "--config=small_cnn --trainer.precision=32-true",
        "--config=batchnorm_cnn --trainer.val_check_interval=0.5",
        "--config=kaggle_cnn",
        "--config=best --trainer.val_check_interval=0.5",
    ],
)
def test_training_by_graphs_is_the_same_bit_by_bit(
    options: str, digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # as torch asks for
    ends, recorded = [], []
    record = StepGraphs.record

    def noted(steps: StepGraphs, *args: Any) -> Any:
        recorded.append(steps)
        return record(steps, *args)

    monkeypatch.setattr(StepGraphs, "record", noted)
    for name in ("recorded", "plain"):
        with monkeypatch.context() as patch:
            if name == "plain":
                patch.setattr(loop, "is_recordable", lambda *args: False)
            digits("fit", *options.split(), *FIT, *ON_GPU, f"--name={name}")
        ends.append(run_state(tmp_path / "lightning_logs" / name / "version_0"))
    assert recorded
    assert ends[0] == ends[1]
