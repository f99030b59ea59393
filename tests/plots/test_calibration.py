import pytest
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

from digits.metrics import BINS
from digits.plots.calibration import bin_by_confidence


def test_each_image_is_counted_once() -> None:
    probabilities = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.2, 0.8], [0.81, 0.19]])
    counts, confidence, accuracy = bin_by_confidence(probabilities, torch.tensor([0, 1, 0, 0]), bins=5)
    assert counts.tolist() == [0, 0, 1, 1, 2]  # the upper edge belongs to a bin
    assert confidence[2:].tolist() == pytest.approx([0.5, 0.8, 0.905])
    assert accuracy[2:].tolist() == [0, 0, 1]
    assert accuracy[:2].isnan().all()


def test_the_bins_are_those_of_the_calibration_error() -> None:
    generator = torch.Generator().manual_seed(0)
    probabilities = (3 * torch.randn(2000, 10, generator=generator)).softmax(1)
    labels = torch.randint(10, (2000,), generator=generator)
    counts, confidence, accuracy = bin_by_confidence(probabilities, labels)
    error = ((confidence - accuracy).abs() * counts).nansum() / counts.sum()
    assert error == pytest.approx(multiclass_calibration_error(probabilities, labels, 10, BINS).item(), abs=1e-5)
