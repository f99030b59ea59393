from pathlib import Path

import torch

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


def test_a_single_image_has_an_outcome(digits: Digits, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("label," + ",".join(f"pixel{i}" for i in range(784)) + "\n3" + ",9" * 784 + "\n")
    out = digits("test", "--ckpt_path=pretrained", "--data=CSVDataModule", "--data.test=one.csv")
    assert "on 1 image\n" in out
