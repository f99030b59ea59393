"""Several runs in one chart."""

from collections.abc import Mapping, Sequence

from PIL import Image

from digits.plots.curves import curve
from digits.plots.figure import epoch_axis, log_axis, new_figure, tidy, to_image
from digits.plots.style import PALETTE


def plot_comparison(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> Image.Image:
    """Which run is better, and when? Validation error by epoch, a line per run.

    Args:
        runs: by name, one row per epoch, with `epoch` and `val/error`.
    """
    figure = new_figure(10, 5)
    axes = figure.subplots()
    axes.set_title("validation error", fontsize=11)
    curves = {name: points for name, rows in runs.items() if (points := curve(rows, "val/error"))}
    for i, (name, points) in enumerate(curves.items()):
        colour, dashes = PALETTE[i % len(PALETTE)], ["-", "--", ":"][i // len(PALETTE) % 3]
        axes.plot(*zip(*points, strict=True), label=name, marker=".", color=colour, linestyle=dashes, clip_on=False)
    if curves:
        drawn = [point for points in curves.values() for point in points]
        epoch_axis(axes, max(epoch for epoch, _ in drawn))
        log_axis(axes, [error for _, error in drawn], unit="%")
        axes.legend(frameon=False, fontsize=8)
    tidy(axes)
    return to_image(figure)
