"""Batches of loaders that know nothing of this package, given to the standard steps."""

from typing import Any

import pytest
import torch

from digits.custom_batches import images_and_labels
from digits.errors import InputError
from digits.models import MLP

IMAGES, LABELS = torch.rand(6, 1, 28, 28), torch.arange(6)


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        (
            {"image": IMAGES, "label": LABELS},
            "gives a dictionary of image, label, but test_step takes images and labels",
        ),
        ([[IMAGES, LABELS], [IMAGES, LABELS]], "gives a list of list, list, but test_step takes images and labels"),
        ((IMAGES,), "gives a tuple of Tensor, but test_step takes"),
        ((IMAGES, torch.rand(6, 10)), "gives labels of shape (6, 10) and type torch.float32"),
        ((IMAGES, LABELS + 5), "gives labels from 5 to 10, but there are 10 classes"),
        ((IMAGES[..., 1:], LABELS), "gives images of shape (6, 1, 28, 27): MLP takes (N, 28, 28)"),
        (((255 * IMAGES).byte(), LABELS), "gives images of type torch.uint8: give scaled ones, (N, 1, 28, 28) float32"),
    ],
)
def test_a_batch_that_no_step_takes_is_described(batch: Any, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        images_and_labels(batch, MLP([4]), "test_step")
    assert reason in str(caught.value)


def test_raw_images_are_scaled_before_they_are_trained_on() -> None:
    raw = (255 * IMAGES[:, 0]).byte()
    assert images_and_labels((raw, LABELS), MLP([4]), "test_step")[0] is raw
    with pytest.raises(InputError, match=r"images of type torch\.uint8"):
        images_and_labels((raw, LABELS), MLP([4]), "training_step")


def test_images_alone_are_predicted() -> None:
    model = MLP([4]).eval()
    probabilities = model.predict_step(IMAGES, 0)  # type: ignore[arg-type]
    assert probabilities.shape == (6, 10)
    for pair in ((IMAGES,), (IMAGES, LABELS)):
        assert torch.equal(model.predict_step(pair, 0), probabilities)
