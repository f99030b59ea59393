"""Errors that are told in one line."""

import warnings

import pytest
from lightning.pytorch import Trainer
from torch.multiprocessing import ProcessRaisedException

from digits.callbacks import FitSummary
from digits.models import MLP
from digits.refusals import refusal

SPAWNED = "\n\n-- Process 1 terminated with the following error:\nTraceback (most recent call last):\n  File …\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{SPAWNED}digits.errors.InputError: rows.csv, line 3:\nno number\n", "rows.csv, line 3:\nno number"),
        ("It looks like your LightningModule has unused parameters", "It looks like your LightningModule has unused"),
        (f"{SPAWNED}ValueError: boom\n", None),
    ],
)
def test_an_error_in_a_process_of_ddp_spawn_is_told_as_in_another(text: str, told: str | None) -> None:
    found = refusal(ProcessRaisedException(text, 1, 4242))
    assert found is None if told is None else (found or "").startswith(told)


def test_processes_that_begin_anew_are_spared_remarks_too(recwarn: pytest.WarningsRecorder) -> None:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        FitSummary("", "").setup(Trainer(logger=False), MLP(), "fit")
        recwarn.clear()
        warnings.warn("The train_dataloader does not have many workers", stacklevel=1)
    assert not recwarn.list
