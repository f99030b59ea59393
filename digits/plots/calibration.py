"""Calibration: accuracy by confidence."""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from digits.metrics import BINS
from digits.plots.figure import new_figure, tidy, to_image
from digits.plots.style import BLUE, GREY


class Bins(NamedTuple):
    """Images by confidence, in bins of equal width from 0 to 1; each tensor (bins,), float64, NaN in empty bins."""

    counts: Tensor  # of images; 0 in empty bins
    confidence: Tensor  # mean of the images in the bin, 0 to 1
    accuracy: Tensor  # 0 to 1


def bin_by_confidence(probabilities: Tensor, labels: Tensor, bins: int = BINS) -> Bins:
    """Count each image in the bin of its confidence, the probability of what is predicted.

    Args:
        probabilities: (N, K), each row summing to 1.
        labels: (N,), int64.
        bins: how many.
    """
    confidence, predicted = probabilities.max(dim=1)
    index = (confidence * bins).ceil().clamp(1, bins).long() - 1  # as torchmetrics: the upper edge belongs to a bin
    counts = index.bincount(minlength=bins).double()
    right = (predicted == labels).double()
    return Bins(
        counts,
        confidence=index.bincount(confidence.double(), bins) / counts,
        accuracy=index.bincount(right, bins) / counts,
    )


def wilson_interval(shares: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Where the true shares lie with 95% confidence, from and to (Wilson, 1927).

    Unlike the usual ± 1.96 standard errors, it holds for few images, and where all or none are right.

    Args:
        shares: 0 to 1, of any shape.
        counts: of what each is a share, of the same shape.
    """
    z2 = 1.96**2
    centre = (shares + z2 / (2 * counts)) / (1 + z2 / counts)
    half = (shares * (1 - shares) * z2 / counts + (z2 / (2 * counts)) ** 2).sqrt() / (1 + z2 / counts)
    return (centre - half).clamp(0, 1), (centre + half).clamp(0, 1)


def plot_calibration(probabilities: Tensor, labels: Tensor, title: str) -> Image.Image:
    """Is the network as often right as it is sure? Accuracy by confidence, and how many images there are of each.

    Bins of few images tell little: each has its Wilson interval.

    Args:
        probabilities: (N, K), each row summing to 1.
        labels: (N,), int64.
        title: what was scored.
    """
    counts, confidence, accuracy = bin_by_confidence(probabilities, labels)
    low, high = wilson_interval(accuracy, counts)
    error = float(((accuracy - confidence).abs() * counts).nansum() / len(labels))
    figure = new_figure(10, 4)
    figure.suptitle(f"{title}: expected calibration error {error:.2%}", fontsize=12)
    panels, centres = figure.subplots(1, 2), (np.arange(BINS) + 0.5) / BINS
    panels[0].plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as sure as right")
    bars = torch.stack([accuracy - low, high - accuracy]).clamp(min=0).numpy()
    label = "this network, 95% interval (Wilson)"
    panels[0].errorbar(confidence.numpy(), accuracy.numpy(), bars, fmt="o", capsize=3, color=BLUE, label=label)
    panels[0].set_ylabel("accuracy")
    panels[0].legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)  # above, in no bar's way
    panels[1].bar(centres, counts.numpy(), width=0.9 / BINS, color=BLUE)
    panels[1].set_yscale("symlog")  # 0 has a place on it
    panels[1].yaxis.set_major_formatter("{x:,.0f}")
    panels[1].set_ylabel("images")
    for axes in panels:
        axes.set_xlim(0, 1.02)
        axes.set_xlabel("confidence")
        axes.xaxis.set_major_formatter("{x:.0%}")
        tidy(axes)
    panels[0].yaxis.set_major_formatter("{x:.0%}")
    return to_image(figure)
