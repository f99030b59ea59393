"""Beside other busy programs training goes on with one thread, where that changes no bit."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from digits.fast import load
from digits.fast.load import FollowLoad, Trial, gives_same, step_of, trial
from digits.models import MLP, BatchNormCNN
from tests.helpers import Digits

SHORT = ("fit", "--trainer.max_epochs=1", "--pictures=false", f"--trainer.callbacks={__name__}.Counting")
MLP_16 = ["--model=MLP", "--model.hidden=[16]"]
BUSY, SAID = "processors are busy", "--threads 1, or torch.set_num_threads(1) in Python"
counts: list[int] = []
weights: list[Tensor] = []


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Two threads by default; in quick tests torch only says so, as they would wait for those of other tests."""
    monkeypatch.setenv("OMP_NUM_THREADS", "put back")
    monkeypatch.delenv("OMP_NUM_THREADS")
    counts.clear()
    before = torch.get_num_threads()
    if "slow" not in request.keywords:
        said = [2]
        monkeypatch.setattr(torch, "get_num_threads", lambda: said[0])
        monkeypatch.setattr(torch, "set_num_threads", lambda n: said.__setitem__(0, n))
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Counting(Callback):
    """Notes the number of threads of each step and each validation, and the weights at the end."""

    def on_train_batch_end(self, *args: Any) -> None:
        counts.append(torch.get_num_threads())

    def on_validation_batch_end(self, *args: Any) -> None:
        counts.append(torch.get_num_threads())

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        weights[:] = [one.detach().clone() for one in pl_module.parameters()]


class OwnStep(MLP):
    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return super().training_step(batch, batch_idx) * 2


def with_trial(monkeypatch: pytest.MonkeyPatch, found: Trial) -> None:
    monkeypatch.setattr(load, "trial", lambda step, threads: found)
    monkeypatch.setattr(load, "gives_same", lambda step, threads: found.same)


@pytest.mark.parametrize(
    ("options", "found", "threads", "said"),
    [
        (MLP_16, Trial(3.0, 1.0, True), 1, BUSY),
        (MLP_16, Trial(3.0, 1.0, False), 2, SAID),
        (MLP_16, Trial(0.7, 1.0, True), 2, ""),
        ([*MLP_16, "--data.rotation=5"], Trial(3.0, 1.0, True), 2, SAID),
        ([f"--model={__name__}.OwnStep"], Trial(3.0, 1.0, True), 2, ""),
        ([*MLP_16, "--threads=2"], Trial(3.0, 1.0, True), 2, ""),
    ],
)
def test_one_thread_where_it_is_faster_and_the_same(
    options: list[str], found: Trial, threads: int, said: str, digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_trial(monkeypatch, found)
    out = digits(*SHORT, *options)
    assert set(counts) == {threads}
    assert [line for line in (BUSY, SAID) if line in out] == ([said] if said else [])
    assert all(len(line) <= 80 for line in out.splitlines() if "busy" in line)
    assert torch.get_num_threads() == 2  # as before


def test_the_faster_number_of_threads_is_found_by_measuring() -> None:
    one, trainer = (
        FollowLoad(),
        SimpleNamespace(world_size=1, strategy=SimpleNamespace(root_device=torch.device("cpu"))),
    )
    one.setup(trainer, MLP(), "fit")  # type: ignore[arg-type]
    assert one.active
    one.follows, one.usual = True, 0.01
    steps = [  # seconds of a step, time, and whether the other number is to be taken
        (0.012, 5.0, False),  # all threads, as usual
        (0.040, 10.0, True),  # much slower: one is tried
        (0.020, 11.0, False),  # and is faster
        (0.020, 12.5, True),  # it is time to try all again
        (0.041, 12.7, True),  # which are still slower
        (0.020, 16.0, False),  # the next try is twice as far away
        (0.020, 17.0, True),
        (0.010, 17.2, False),  # all are faster again, and stay
        (0.014, 60.0, False),
    ]
    for seconds, now, other in steps:
        assert one.is_to_change(seconds, now) == other, (seconds, now)
        if other:
            one.uses_one, one.next_try, one.usual = not one.uses_one, now + one.pause, float("inf")
        else:
            one.usual = min(one.usual, seconds)
    assert not one.uses_one


@pytest.mark.slow
def test_weights_do_not_depend_on_what_else_runs(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--model=SmallCNN", "--data.batch_size=70")  # batches of different sizes
    digits(*SHORT, *options, "--threads=2")
    expected = list(weights)
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(load, "trial", lambda *args: trial(*args)._replace(all_threads=3.0, one_thread=1.0))
    for name in ("WINDOW", "PAUSE", "LONGEST_PAUSE"):  # a try after every other step
        monkeypatch.setattr(load, name, 0.0)
    digits(*SHORT, *options)
    assert all(map(torch.equal, weights, expected))


def test_a_trial_changes_nothing() -> None:
    network = BatchNormCNN().train()
    trainer: Any = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    images = torch.rand(20, 1, 28, 28)
    state = torch.get_rng_state()
    step = step_of(trainer, network, images)
    logits, *gradients = step()
    assert logits.shape == (20, 10)
    assert len(gradients) == len(list(network.parameters()))
    assert all(map(torch.equal, step(), [logits, *gradients]))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(weight.grad is None for weight in network.parameters())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("step", "same"),
    [(lambda: [torch.ones(2)], True), (lambda: [torch.ones(2), torch.tensor(torch.get_num_threads())], False)],
)
def test_results_are_compared(step: Callable[[], list[Tensor]], same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gives_same(step, 2) == same
    for times, seconds in [
        ([0, 9, 10, 11, 12, 12, 19, 20, 28], (8.0, 1.0)),
        ([0, 9, 10, 11, 13, 13, 19, 20, 21, 22], (1.0, 1.5)),
        ([0, 9, 10, 11, 12, 20, 50], (30.0, 1.0)),
    ]:
        clock = iter(times)
        monkeypatch.setattr(load, "time", SimpleNamespace(perf_counter=lambda clock=clock: next(clock)))
        assert trial(step, 2) == Trial(*seconds, same)
