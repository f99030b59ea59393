import torch

from digits.metrics import OutcomeMetric


def test_outcomes_are_in_the_order_of_the_data() -> None:
    outcomes = OutcomeMetric()
    logits = torch.randn(5, 10)
    outcomes.update(logits[[0, 2, 4]], torch.tensor([0, 2, 4]), torch.tensor([0, 2, 4]))
    outcomes.update(logits[[1, 3]], torch.tensor([1, 3]), torch.tensor([1, 3]))
    kept, labels, indices = outcomes.compute()
    assert labels.tolist() == indices.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(kept, logits)
