"""Learning curves."""

from collections.abc import Mapping, Sequence

from PIL import Image

from digits.plots.figure import new_figure, tidy, to_image
from digits.plots.style import BLUE, GREY


def plot_learning_curves(rows: Sequence[Mapping[str, float]]) -> Image.Image:
    """Does it learn, and does it overfit? Loss and accuracy of training and validation by epoch.

    Args:
        rows: one per epoch, with `epoch`, and `train/loss`, `val/loss`, `train/accuracy`, `val/accuracy` where known.
    """
    figure = new_figure(10, 4)
    for axes, metric in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        for stage, name, colour in [("train", "training", GREY), ("val", "validation", BLUE)]:
            key = f"{stage}/{metric}"
            points = [(row["epoch"], row[key]) for row in rows if row.get(key) is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker=".", color=colour, label=name)
        axes.set_title(metric, fontsize=11)
        axes.legend(frameon=False)
        axes.set_xlabel("epoch")
        if metric == "accuracy":
            axes.yaxis.set_major_formatter("{x:.1%}")
        else:
            axes.set_yscale("log")
        tidy(axes)
    return to_image(figure)
