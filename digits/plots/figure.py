"""What the charts drawn by matplotlib share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:  # importing matplotlib takes a quarter of a second: only for who draws
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """A figure of `width` by `height` inches, without matplotlib's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Axes) -> None:
    """Remove all but the data and what it takes to read it."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3, linewidth=0.5)


def epoch_axis(axes: Axes, last: float) -> None:
    """Make x an axis of whole epochs, from 1 to `last`, with room at the ends: a single one stands in the middle."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.set_xlim(0.5, last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def log_axis(axes: Axes, values: Sequence[float], unit: str) -> None:
    """Make y logarithmic, with plain numbers such as 0.5, 1, 2, 5 on it.

    Args:
        axes: whose y axis is meant.
        values: what is drawn, all above 0, at least one.
        unit: to write behind each number, or "".
    """
    from matplotlib.ticker import NullLocator

    ticks = log_ticks(min(values), max(values))
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:.7f}".rstrip("0").rstrip(".") + unit for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(ticks[0], ticks[-1])


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of 10, and 2 and 5 times these, from the last one below `low` to the first above `high`."""
    steps = (1, 2, 5) if high / low < 5000 else (1,)  # else numbers would overlap
    powers = range(math.floor(math.log10(low)) - 1, math.floor(math.log10(high)) + 2)
    numbers = [float(f"{step}e{power}") for power in powers for step in steps]
    first = max(i for i, number in enumerate(numbers) if number < low)
    last = min(i for i, number in enumerate(numbers) if number > high)
    return numbers[first : last + 1]


def to_image(figure: Figure) -> Image.Image:
    """The figure as an image."""
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")  # type: ignore[attr-defined]
