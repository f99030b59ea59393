"""Runs that are stopped and resumed; `python -m benchmarks.kills` does the same to processes, on the real data."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from digits.callbacks.interruption import StopAtStep
from digits.cli import main
from digits.models import Classifier
from tests.helpers import SMALL, Digits, replace_bundled, run_state

FIT = (
    f"--model={__name__}.Small",
    "--data.rotation=10",
    "--data.shift=0.1",
    "--trainer.max_epochs=3",  # of 8 steps
    "--trainer.log_every_n_steps=2",
)


class Small(Classifier):
    """Few weights, and random numbers in each step."""

    def __init__(self, lr: float = 3e-3) -> None:
        super().__init__(lr)
        self.layers = nn.Sequential(nn.Dropout(0.1), nn.Flatten(), nn.Linear(784, 10))


class Killed(Exception):
    """In place of SIGKILL, after which a process would be gone."""


def at_step(monkeypatch: pytest.MonkeyPatch, number: int, act: Any) -> None:
    """Do something in the middle of step `number`, counted over all epochs."""

    def training_step(self: Small, batch: Any, batch_idx: int) -> Any:
        if self.trainer.global_step == number:
            act()
        return Classifier.training_step(self, batch, batch_idx)

    monkeypatch.setattr(Small, "training_step", training_step)


def kill() -> None:
    raise Killed


@pytest.fixture(scope="module")
def untouched(small_files: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The state of a run that nothing stopped."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        replace_bundled(small_files, monkeypatch)
        monkeypatch.chdir(folder := tmp_path_factory.mktemp("untouched"))
        main(["fit", *SMALL, *FIT])
    return run_state(folder / "lightning_logs/Small/version_0")


@pytest.mark.parametrize(("number", "status", "workers"), [(signal.SIGINT, 130, 0), (signal.SIGTERM, 143, 2)])
def test_a_signal_stops_at_the_step_and_the_run_goes_on_from_there(
    untouched: dict[str, Any],
    digits: Digits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    status: int,
    workers: int,
) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    fit = (*FIT, "--name=stopped", f"--data.num_workers={workers}")
    run = tmp_path / "lightning_logs/stopped/version_0"
    for step in (10, 15, 21):  # 15 is the last of its epoch: the run stops after validation
        at_step(monkeypatch, step, lambda: os.kill(os.getpid(), number))
        with pytest.raises(SystemExit) as info:
            digits("fit", *fit, *["--ckpt_path=last"] * (step > 10))
        assert info.value.code == status
        assert f"Stopped after step {step + 1} of 24.\nTo go on: " in capsys.readouterr().out
        assert torch.load(run / "checkpoints/last.ckpt", weights_only=True)["global_step"] == step + 1
    at_step(monkeypatch, -1, kill)
    digits("fit", *fit, "--ckpt_path=last")
    assert run_state(run) == untouched
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("command", ["fit", "test"])
def test_ctrl_c_before_anything_is_saved_leaves_no_run(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Classifier, f"{'training' if command == 'fit' else command}_step", interrupt)
    before = signal.getsignal(signal.SIGINT)  # which Lightning then ignores
    with pytest.raises(KeyboardInterrupt):  # an exit with status 130
        digits(command, *(FIT if command == "fit" else ("--ckpt_path=pretrained",)))
    signal.signal(signal.SIGINT, before)
    assert not list(Path().glob("lightning_logs/*"))


def test_a_killed_run_goes_on_from_its_last_epoch(
    untouched: dict[str, Any], digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (9, 15, 20):
        at_step(monkeypatch, step, kill)
        with pytest.raises(Killed):
            digits("fit", *FIT, "--name=killed", *["--ckpt_path=last"] * (step > 9))
    at_step(monkeypatch, -1, kill)
    digits("fit", *FIT, "--name=killed", "--ckpt_path=last", "--pictures=true")  # which change nothing
    assert run_state(tmp_path / "lightning_logs/killed/version_0") == untouched


def test_what_was_tested_in_between_stays_on_the_curves(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT, "--name=tested")
    digits("test", FIT[0], "--name=tested")
    run = tmp_path / "lightning_logs/tested/version_0"
    best = run / "checkpoints/best.ckpt"
    digits("fit", *FIT, "--name=tested", f"--ckpt_path={best}")
    events = EventAccumulator(str(run)).Reload()
    assert len(events.Scalars("test/accuracy")) == 1
    assert [event.step for event in events.Scalars("by_epoch/val_loss")] == [1, 2, 3]


def test_the_seed_decides_everything_and_loader_processes_nothing(
    untouched: dict[str, Any], digits: Digits, tmp_path: Path
) -> None:
    for name, options in {"workers": ["--data.num_workers=2"], "other": ["--seed_everything=1"]}.items():
        digits("fit", *FIT, f"--name={name}", *options)
        same = run_state(tmp_path / f"lightning_logs/{name}/version_0")["weights"] == untouched["weights"]
        assert same == (name != "other")


def test_a_command_that_is_repeated_by_torchrun_or_slurm_goes_on(
    untouched: dict[str, Any], digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_step(monkeypatch, 3, kill)
    with pytest.raises(Killed):
        digits("fit", *FIT, "--name=job")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    at_step(monkeypatch, 12, kill)
    with pytest.raises(Killed):  # there was no checkpoint: from the start
        digits("fit", *FIT, "--name=job")
    at_step(monkeypatch, -1, kill)
    monkeypatch.delenv("TORCHELASTIC_RESTART_COUNT")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert "Checkpoint: lightning_logs/job/version_1/checkpoints/last.ckpt" in digits("fit", *FIT, "--name=job")
    assert run_state(tmp_path / "lightning_logs/job/version_1") == untouched


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_signal_that_is_ignored_as_under_nohup_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        callback = StopAtStep("digits fit")
        callback.on_train_start(Trainer(logger=False), Small())
        os.kill(os.getpid(), signal.SIGHUP)
        assert callback.received == 0
        os.kill(os.getpid(), signal.SIGTERM)
        assert callback.received == signal.SIGTERM
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
