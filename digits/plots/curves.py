"""Learning curves."""

import math
from collections.abc import Mapping, Sequence

from PIL import Image

from digits.plots.figure import epoch_axis, log_axis, new_figure, tidy, to_image
from digits.plots.style import BLUE, GREY

LEAST = 0.01  # an error of 0, which has no place on a logarithmic axis, is drawn at this many %


def plot_learning_curves(rows: Sequence[Mapping[str, float]]) -> Image.Image:
    """Does it learn, and does it overfit? Error and loss of training and validation by epoch.

    Args:
        rows: one per epoch, with `epoch` and, as far as known, `train/error` and `val/error` (0 to 1), `train/loss` and
            `val/loss`.
    """
    figure = new_figure(10, 4)
    for axes, metric in zip(figure.subplots(1, 2), ("error", "loss"), strict=True):
        drawn: list[float] = []
        for stage, name, colour in [("train", "training", GREY), ("val", "validation", BLUE)]:
            points = curve(rows, f"{stage}/{metric}")
            if not points:
                continue
            drawn += [value for _, value in points]
            if (stage, metric) == ("val", "error"):
                epoch, lowest = min(points, key=lambda point: point[1])
                name += f", lowest {lowest if lowest > LEAST else 0:.2f}% in epoch {epoch:g}"
            axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour, label=name, clip_on=False)
        axes.set_title(metric, fontsize=11)
        epoch_axis(axes, rows[-1]["epoch"])
        if drawn:
            log_axis(axes, drawn, unit="%" if metric == "error" else "")
            if metric == "error" and min(drawn) == LEAST:
                axes.set_title(f"error ({LEAST}% stands for less, too)", fontsize=11)
            axes.legend(frameon=False)
        tidy(axes)
    return to_image(figure)


def curve(rows: Sequence[Mapping[str, float]], key: str) -> list[tuple[float, float]]:
    """Epoch and value, above 0, of the rows that have `key`; an error in %."""
    scale, least = (100, LEAST) if key.endswith("error") else (1, 1e-6)
    known = [(row["epoch"], row[key]) for row in rows if math.isfinite(row.get(key, math.nan))]
    return [(epoch, max(scale * value, least)) for epoch, value in known]
