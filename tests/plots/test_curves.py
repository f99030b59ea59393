from typing import Any

import numpy as np
import pytest

from digits.plots import plot_comparison, plot_learning_curves
from digits.plots.figure import log_ticks

ROWS = [
    {"epoch": 1, "train/error": 0.06, "val/error": 0.031, "train/loss": 0.2, "val/loss": 0.1},
    {"epoch": 2, "train/error": 0.03, "val/error": 0.011, "train/loss": 0.1, "val/loss": 0.08},
    {"epoch": 3, "train/error": 0.0, "val/error": 0.012, "train/loss": 0.05},  # as stopped before it was validated
]


def labels(axis: Any) -> list[str]:
    """The numbers that can be seen on an axis."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1.get_text() for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.6, 4, [0.5, 1, 2, 5]),
        (1, 1, [0.5, 1, 2]),
        (1.1, 1.2, [1, 2]),
        (0.009, 0.021, [0.005, 0.01, 0.02, 0.05]),
        (0.0002, 3, [0.0001, 0.001, 0.01, 0.1, 1, 10]),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_round_and_enclose_what_is_drawn(
    low: float, high: float, ticks: list[float]
) -> None:
    assert log_ticks(low, high) == ticks


def test_curves_show_the_error_in_percent_by_whole_epochs(figures: list[Any]) -> None:
    plot_learning_curves(ROWS[:2])
    error, loss = figures[0].axes
    training, validation = error.get_lines()
    assert training.get_xydata().tolist() == [[1, 6], [2, 3]]
    assert validation.get_ydata().tolist() == pytest.approx([3.1, 1.1])
    assert error.get_yscale() == loss.get_yscale() == "log"
    assert labels(error.yaxis) == ["1%", "2%", "5%", "10%"]
    assert labels(loss.yaxis) == ["0.05", "0.1", "0.2", "0.5"]
    assert labels(error.xaxis) == labels(loss.xaxis) == ["1", "2"]
    assert error.get_legend().get_texts()[1].get_text() == "validation, lowest 1.10% in epoch 2"


def test_a_single_epoch_stands_in_the_middle(figures: list[Any]) -> None:
    plot_learning_curves(ROWS[:1])
    for axes in figures[0].axes:
        assert axes.get_xlim() == (0.5, 1.5)
        assert labels(axes.xaxis) == ["1"]


def test_a_point_at_the_edge_is_drawn_whole() -> None:
    above = np.asarray(plot_learning_curves([{"epoch": 1, "val/loss": 0.2001}]))
    edge = np.flatnonzero((above[:, 500:-20] == above[0, 0]).all(2).mean(1) < 0.5)[-1]  # the row of the x axis
    blue = (above[..., 2].astype(int) - above[..., 0] > 60)[:, 500:]
    assert blue[edge + 1 :].sum() > 5


def test_an_error_of_0_and_a_missing_figure_are_no_obstacle(figures: list[Any]) -> None:
    plot_learning_curves(ROWS)
    error, loss = figures[0].axes
    assert error.get_lines()[0].get_ydata().tolist() == [6, 3, 0.01]
    assert error.get_title() == "error (0.01% stands for less, too)"
    assert loss.get_lines()[1].get_xdata().tolist() == [1, 2]
    plot_learning_curves([{"epoch": 1, "train/loss": float("nan")}])
    assert not figures[1].axes[1].get_lines()


def test_runs_are_compared_by_validation_error(figures: list[Any]) -> None:
    plot_comparison({"one": ROWS, "unvalidated": [{"epoch": 1, "train/error": 0.5}], "other": ROWS[:1]})
    (axes,) = figures[0].axes
    assert [line.get_label() for line in axes.get_lines()] == ["one", "other"]
    assert labels(axes.yaxis) == ["1%", "2%", "5%"]
    assert labels(axes.xaxis) == ["1", "2", "3"]
    plot_comparison({"unvalidated": []})
