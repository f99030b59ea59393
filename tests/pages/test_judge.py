"""On a page, each piece of ink is judged once; the network that judges is the packaged one, but for rounding."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from digits.checkpoint import Checkpoint
from digits.network import probabilities_of
from digits.pages import judge as module
from digits.pages.judge import judge, pretrained, remembering
from digits.pages.locate import Grey
from digits.runs import PRETRAINED
from tests.helpers import written


def ink(digit: str) -> np.ndarray:
    return (1 - np.asarray(written(digit), np.float32) / 255).clip(0.2, 0.8) / 0.6 - 1 / 3


def test_no_piece_is_judged_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []
    anew = module.judge_anew

    def noted(pieces: list[Grey]) -> NDArray[np.float64]:
        judged.append(len(pieces))
        return anew(pieces)

    monkeypatch.setattr(module, "judge_anew", noted)
    seven, eight = ink("7"), ink("8")
    first = judge([seven, eight])
    with remembering():
        assert np.allclose(judge([seven, seven]), first[[0, 0]])
        assert np.allclose(judge([eight, seven.copy()]), first[[1, 0]])
        assert judge([]).shape == (0,)
    judge([seven])  # another page
    assert judged == [2, 1, 1, 0, 1]


def test_pieces_of_other_shapes_are_others() -> None:
    strokes = np.zeros((40, 10), np.float32)
    strokes[:, 4:6] = 1
    with remembering():
        up, flat = judge([strokes, strokes.reshape(10, 40)])
    assert up > 0.9 > flat


def test_the_network_is_optimized_but_says_the_same() -> None:
    network = Checkpoint.read(PRETRAINED).network()
    network.second_look = 0.0
    images = torch.randint(0, 256, (20, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    kinds = [type(layer).__name__ for layer in pretrained().layers]
    assert "BatchNorm2d" not in kinds
    assert "BatchNorm2d" in [type(layer).__name__ for layer in network.layers]
    assert torch.allclose(probabilities_of(pretrained(), images), probabilities_of(network, images), atol=1e-5)
