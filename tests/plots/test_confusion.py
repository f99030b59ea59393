from typing import Any

import numpy as np
import pytest
import torch

from digits.plots import plot_confusion_matrix


def test_the_matrix_says_that_its_diagonal_is_white_on_purpose(figures: list[Any]) -> None:
    matrix = torch.tensor([[98, 2, 0], [0, 50, 0], [3, 3, 44]])
    plot_confusion_matrix(matrix, ["cat", "dog", "cow"], "Test")
    (figure,) = figures
    assert "diagonal" in figure.get_supxlabel()
    assert "left white on purpose" in figure.get_supxlabel()
    assert figure.get_suptitle() == "Test: 8 of 200 wrong (4.00%)"
    numbers = ["98", "2", "50", "3", "3", "44"], ["98.0", "2.0", "100.0", "6.0", "6.0", "88.0"]
    for axes, texts in zip(figure.axes, numbers, strict=True):
        assert [text.get_text() for text in axes.texts] == texts
        shares = axes.images[0].get_array()
        assert np.isnan(np.diag(np.ma.filled(shares, np.nan))).all()
        assert shares[2, 0] == pytest.approx(0.06)


def test_numbers_fit_into_the_cells_of_many_classes(figures: list[Any]) -> None:
    for k in (10, 26):
        plot_confusion_matrix(2000 * torch.eye(k, dtype=torch.long), [str(i) for i in range(k)], "Test")
        for axes in figures[-1].axes:
            assert axes.texts[0].get_window_extent().width < axes.get_window_extent().width / k
