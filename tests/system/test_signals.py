"""Signals end every command, with their status."""

import os
import signal
from typing import Any

import pytest

from digits import models
from digits.__main__ import main
from digits.data.base import DigitsDataModule
from tests.helpers import Digits


def test_an_interruption_that_a_library_catches_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt_import(args: list[str]) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("cannot load module more than once per process") from None

    monkeypatch.setattr("digits.__main__.run", interrupt_import)
    with pytest.raises(SystemExit) as info:
        main(["list"])
    assert info.value.code == 130
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_command_as_an_exception_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned = []

    def work(args: list[str]) -> None:
        try:
            os.kill(os.getpid(), getattr(signal, name))
        finally:
            cleaned.append(args)

    monkeypatch.setattr("digits.__main__.run", work)
    with pytest.raises(SystemExit) as info:
        main(["list"])
    assert info.value.code == 128 + getattr(signal, name)
    assert cleaned == [["list"]]
    assert signal.getsignal(getattr(signal, name)) is signal.SIG_DFL


def test_ctrl_c_has_its_status_where_lightning_makes_it_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(args: list[str]) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise SystemExit(1) from None

    monkeypatch.setattr("digits.__main__.run", work)
    with pytest.raises(SystemExit) as info:
        main(["check"])
    assert info.value.code == 130


def test_an_evaluation_does_not_run_on(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = []

    def test_step(self: models.DeepCNN, batch: Any, batch_idx: int) -> None:
        batches.append(batch_idx)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(models.DeepCNN, "test_step", test_step)
    monkeypatch.setattr(DigitsDataModule, "eval_batch_size", 10)
    with pytest.raises(SystemExit) as info:
        main(["test", "--ckpt_path=pretrained", "--pictures=false", "--trainer.accelerator=cpu"])
    assert info.value.code == 143
    assert batches == [0]
