from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from digits.callbacks import Calibration, PlotWriter, TensorBoardPages
from digits.data.dataset import Batch
from digits.metrics import OutcomeMetric
from tests.helpers import Digits


def test_outcomes_are_in_the_order_of_the_data() -> None:
    outcomes = OutcomeMetric()
    logits = torch.randn(5, 10)
    outcomes.update(logits[[0, 2, 4]], torch.tensor([0, 2, 4]), torch.tensor([0, 2, 4]))
    outcomes.update(logits[[1, 3]], torch.tensor([1, 3]), torch.tensor([1, 3]))
    kept, labels, indices = outcomes.compute()
    assert labels.tolist() == indices.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(kept, logits)


def test_outcomes_are_kept_once_for_all_callbacks() -> None:
    callbacks = [PlotWriter(), TensorBoardPages(), Calibration()]
    trainer: Any = SimpleNamespace(callbacks=callbacks)
    network: Any = torch.nn.Linear(1, 1)
    network.device = "cpu"
    logits, batch = torch.randn(2, 10), Batch(torch.zeros(2, 28, 28), torch.tensor([3, 4]), torch.tensor([0, 1]))
    for one in callbacks:
        one.setup(trainer, network, "fit")
    for _ in range(2):  # validations
        for one in callbacks:
            one.on_validation_epoch_start(trainer, network)
        for one in callbacks:
            one.on_validation_batch_end(trainer, network, logits, batch, 0)
        for one in callbacks:
            assert (kept := one.collected()) is not None
            assert torch.equal(kept[0], logits)


def test_a_single_image_has_an_outcome(digits: Digits, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("label," + ",".join(f"pixel{i}" for i in range(784)) + "\n3" + ",9" * 784 + "\n")
    out = digits("test", "--ckpt_path=pretrained", "--data=CSVDataModule", "--data.test=one.csv")
    assert "on 1 image\n" in out
