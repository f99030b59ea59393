"""Every picture that `digits` draws: from tensors to a PIL image, knowing nothing of training.

Shapes: N images, H rows, W columns, K classes.
"""

from digits.plots.calibration import plot_calibration
from digits.plots.comparison import plot_comparison
from digits.plots.confusion import plot_confusion_matrix
from digits.plots.curves import plot_learning_curves
from digits.plots.filters import plot_filters
from digits.plots.mistakes import plot_mistakes
from digits.plots.pages import plot_pages
from digits.plots.predictions import plot_predictions
from digits.plots.samples import plot_augmentation, plot_samples

__all__ = [
    "plot_augmentation",
    "plot_calibration",
    "plot_comparison",
    "plot_confusion_matrix",
    "plot_filters",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_pages",
    "plot_predictions",
    "plot_samples",
]
