"""Grey levels of pictures of any mode."""

import numpy as np
import pytest
from PIL import Image

from digits.pages.grey import to_grey


@pytest.mark.parametrize("white", [70_000, 17_500_000, 2**32 - 1])
def test_integers_of_32_bits_are_scaled_by_their_own_range(white: int) -> None:
    levels = np.array([[0, white // 2, white]], np.uint32)
    image = Image.fromarray(levels.view(np.int32))  # Pillow takes them for signed
    assert image.mode == "I"
    assert np.allclose(to_grey(image), [[0, 127.5, 255]], atol=0.01)


def test_floats_between_0_and_1_are_not_stretched() -> None:
    assert np.allclose(to_grey(Image.fromarray(np.array([[0.4, 0.6]], np.float32))), [[102, 153]])


def test_blue_on_the_dark_paper_of_a_drawing_is_light_ink() -> None:
    drawing = np.full((40, 60, 3), 30, np.uint8)
    drawing[10:30, 20:24] = 0, 0, 255
    grey = to_grey(Image.fromarray(drawing))
    assert [grey[0, 0], grey[20, 22]] == [30, 255]
    drawing[..., 1] += np.arange(60, dtype=np.uint8)  # a photograph, under uneven light
    photograph = Image.fromarray(drawing)
    assert np.array_equal(to_grey(photograph), np.asarray(photograph.convert("L"), np.float32))
    assert np.array_equal(
        to_grey(Image.fromarray(255 - drawing)), np.asarray(Image.fromarray(255 - drawing).convert("L"))
    )
