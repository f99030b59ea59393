import numpy as np
import torch

from digits.plots import plot_filters
from digits.plots.filters import ABOVE, BELOW


def colours(sheet: np.ndarray, x: int, y: int, size: int) -> set[tuple[int, ...]]:
    """What colours there are in a square of the sheet."""
    return {tuple(pixel) for pixel in sheet[y : y + size, x : x + size].reshape(-1, 3).tolist()}


def test_weights_digit_and_response_stand_side_by_side() -> None:
    weight = torch.zeros(9, 5, 5)  # a row of eight, and one more
    weight[8] = -3.0
    response = torch.zeros(9, 28, 28)
    response[8] = 0.5
    sheet = np.asarray(plot_filters(weight, torch.full((28, 28), 200, dtype=torch.uint8), response))
    top = 8 + 2 * 22
    assert colours(sheet, 8, top, 55) == {(255, 255, 255)}  # a filter of zeros
    assert colours(sheet, 8, top + 60, 55) == {BELOW}
    digit = 8 + 8 * 60 + 16
    assert colours(sheet, digit, top, 56) == {(200, 200, 200)}
    responses = sheet.shape[1] - 8 * 60 - 24
    assert colours(sheet, responses, top, 56) == {(255, 255, 255)}
    assert colours(sheet, responses, top + 60, 56) == {ABOVE}
    words = sheet[:top].min(axis=2)
    assert (words[:30] < 128).any()  # a title above all
    for x in (8, digit, responses):
        assert (words[30:, x : x + 50] < 128).any()  # and a name above each panel


def test_a_network_that_finds_nothing_is_drawn_too() -> None:
    zeros = torch.zeros(1, 3, 3)
    assert plot_filters(zeros, torch.zeros(28, 28, dtype=torch.uint8), zeros).width > 300
