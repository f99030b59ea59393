"""The confusion matrix."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from digits.plots.figure import new_figure, to_image


def plot_confusion_matrix(matrix: Tensor, classes: Sequence[str], title: str) -> Image.Image:
    """Which class is taken for which? Counts on the left, shares of each true class on the right.

    Colour shows the mistakes; the diagonal, which would outshine them, has none, and a line below says so.

    Args:
        matrix: (K, K), counts; a row for each true class, a column for each predicted one.
        classes: names of the K classes.
        title: what was scored.
    """
    counts = matrix.double()
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    wrong = shares.clone().fill_diagonal_(np.nan).numpy()
    most = float(np.nan_to_num(wrong).max())
    total, right = int(matrix.sum()), int(matrix.trace())
    scale = max(1.0, len(classes) / 12)  # so that numbers fit into the cells
    turn = {} if max(map(len, classes)) < 3 else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    figure = new_figure(12 * scale, 5.6 * scale)
    figure.suptitle(f"{title}: {total - right:,} of {total:,} wrong ({1 - right / max(total, 1):.2%})", fontsize=12)
    note = "Colour shows the mistakes only: the diagonal, what is right, is left white on purpose."
    figure.supxlabel(note, fontsize=9, color="#555555")
    panels = ("images", counts, "{:.0f}"), ("% of the true class", shares * 100, "{:.1f}")
    for axes, (name, values, form) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(most, 0.005))
        axes.set_title(name, fontsize=10)
        axes.set_xticks(range(len(classes)), classes, **turn)
        axes.set_yticks(range(len(classes)), classes)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        for i, j in np.ndindex(*matrix.shape):
            if matrix[i, j]:
                colour = "white" if wrong[i, j] > 0.6 * most else "black"  # nan is not
                text = axes.text(j, i, form.format(float(values[i, j])), color=colour, ha="center", va="center", size=8)
                text.set_in_layout(False)  # it lies within its cell, and measuring it takes time
    return to_image(figure)
