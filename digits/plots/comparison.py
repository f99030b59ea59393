"""Several runs in one chart."""

from collections.abc import Mapping, Sequence

from PIL import Image

from digits.plots.figure import new_figure, tidy, to_image
from digits.plots.style import PALETTE


def plot_comparison(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> Image.Image:
    """Which run is better, and when? Validation error by epoch, a line per run.

    Args:
        runs: by name, one row per epoch, with `epoch` and `val/error`.
    """
    figure = new_figure(10, 5)
    axes = figure.subplots()
    for i, (name, rows) in enumerate(runs.items()):
        points = [(row["epoch"], 100 * max(row["val/error"], 1e-5)) for row in rows if row.get("val/error") is not None]
        if points:
            colour, dashes = PALETTE[i % len(PALETTE)], ["-", "--", ":"][i // len(PALETTE) % 3]
            axes.plot(*zip(*points, strict=True), label=name, marker=".", color=colour, linestyle=dashes)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}%")
    axes.yaxis.set_minor_formatter("{x:g}%")
    axes.set_title("validation error", fontsize=11)
    axes.set_xlabel("epoch")
    axes.legend(frameon=False, fontsize=8)
    tidy(axes)
    return to_image(figure)
