from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from torchmetrics.functional.classification import multiclass_calibration_error

from digits.metrics import BINS
from digits.plots import plot_calibration
from digits.plots.calibration import bin_by_confidence, wilson_interval


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


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (3, 4), (50, 50), (9700, 9800)])
def test_the_intervals_are_wilsons(right: int, n: int) -> None:
    low, high = wilson_interval(torch.tensor([right / n]), torch.tensor([float(n)]))
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert (low.item(), high.item()) == pytest.approx((expected.low, expected.high), abs=1e-4)


def test_bins_of_few_images_have_wide_intervals(figures: list[Any]) -> None:
    confidence = torch.tensor([0.55] + [0.97] * 200)
    plot_calibration(torch.stack([confidence, 1 - confidence], 1), torch.zeros(201, dtype=torch.long), "Test")
    axes = figures[0].axes[0]
    assert axes.get_legend().get_window_extent().ymin > axes.get_window_extent().ymax  # what it names is not below it
    (bars,) = axes.containers
    assert "95% interval (Wilson)" in bars.get_label()
    heights = [np.ptp(segment[:, 1]) for segment in bars.lines[2][0].get_segments() if len(segment)]
    assert len(heights) == 2
    assert heights[0] > 0.7
    assert heights[1] < 0.05
