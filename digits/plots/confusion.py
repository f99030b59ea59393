"""The confusion matrix."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from digits.plots.figure import new_figure, to_image


def plot_confusion_matrix(matrix: Tensor, classes: Sequence[str], title: str) -> Image.Image:
    """Which class is taken for which? Counts on the left, shares of each true class on the right.

    Colour shows the mistakes; the diagonal, which would outshine them, has none.

    Args:
        matrix: (K, K), counts; a row for each true class, a column for each predicted one.
        classes: names of the K classes.
        title: what was scored.
    """
    counts = matrix.double()
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    wrong = shares.clone().fill_diagonal_(0).numpy()
    figure = new_figure(12, 5.6)
    total, right = int(matrix.sum()), int(matrix.trace())
    figure.suptitle(f"{title}: {total - right:,} of {total:,} wrong ({1 - right / max(total, 1):.2%})", fontsize=12)
    for axes, values, form in zip(figure.subplots(1, 2), (counts, shares * 100), ("{:.0f}", "{:.1f}%"), strict=True):
        axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(float(wrong.max()), 0.005))
        axes.set_xticks(range(len(classes)), classes, rotation=0 if max(map(len, classes)) < 3 else 45)
        axes.set_yticks(range(len(classes)), classes)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        for i, j in np.ndindex(*matrix.shape):
            if matrix[i, j]:
                text = form.format(float(values[i, j]))
                dark = wrong[i, j] > 0.6 * wrong.max()
                colour = "black" if i == j or not dark else "white"
                axes.text(j, i, text, ha="center", va="center", fontsize=8 if "%" not in form else 7, color=colour)
    figure.axes[0].set_title("images", fontsize=10)
    figure.axes[1].set_title("share of the true class", fontsize=10)
    return to_image(figure)
