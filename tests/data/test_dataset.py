"""Images in memory, as a data module of one's own gives them."""

from typing import Any

import numpy as np
import pytest
import torch

from digits.data import Digits
from digits.data.split import usable
from digits.errors import InputError

IMAGES, LABELS = torch.zeros(6, 28, 28, dtype=torch.uint8), torch.arange(6)
TEN = tuple("0123456789")


def test_arrays_and_small_integers_do_as_well_as_tensors() -> None:
    for images, labels in ((IMAGES.numpy(), LABELS.numpy()), (IMAGES, LABELS.int()), (IMAGES, LABELS.byte())):
        data = Digits(images, labels)
        assert torch.equal(data.images, IMAGES)
        assert data.labels.dtype == torch.int64
        assert torch.equal(data.labels, LABELS)


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (IMAGES[:, 1:], LABELS, "Digits takes images, (N, 28, 28) uint8, but these are (6, 27, 28) uint8"),
        (IMAGES[:, None].expand(6, 3, 28, 28), LABELS, "but these are (6, 3, 28, 28) uint8"),
        (IMAGES / 255, LABELS, "but these are (6, 28, 28) float32"),
        (np.zeros((6, 784), np.uint8), LABELS, "but these are (6, 784) uint8"),
        (IMAGES, LABELS[1:], "a whole number for each of 6 images as labels, but these are (5,) int64"),
        (IMAGES, torch.eye(6), "as labels, but these are (6, 6) float32"),
    ],
)
def test_other_shapes_and_types_are_told(images: Any, labels: Any, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        Digits(images, labels)
    assert reason in str(caught.value)


def test_what_a_data_module_loads_is_checked() -> None:
    data = Digits(IMAGES, LABELS)
    assert usable(data, TEN) is data
    with pytest.raises(InputError, match=r"there are labels up to 5, but 5 classes: the data module names them in"):
        usable(data, TEN[:5])
    with pytest.raises(InputError, match=r"returned a tuple: return Digits\(images, labels\)"):
        usable((IMAGES, LABELS), TEN)  # type: ignore[arg-type]
