"""The level of the paper, and what differs from it."""

import numpy as np
import pytest

from digits.pages.paper import clean_ink, has_even_edge, paper_level

RING = np.zeros((16, 16), np.float32)
RING[:2, 3:13] = RING[-2:, 3:13] = RING[3:13, :2] = RING[3:13, -2:] = 200
THICK = np.zeros((16, 16), np.float32)
THICK[2:14, 2:15] = 200


@pytest.mark.parametrize("grey", [RING, THICK, 255 - RING, 255 - THICK])
def test_neither_a_covered_edge_nor_thick_strokes_are_taken_for_paper(grey: np.ndarray) -> None:
    assert paper_level(grey) == grey[0, 0]


def test_the_ink_of_a_clean_picture_is_what_differs() -> None:
    found = clean_ink(255 - RING, 2)
    assert found is not None
    assert found.ink.shape == (32, 32)
    assert found.ink[1, 16] > 0.9
    assert found.ink[16, 16] < 0.1


def test_pale_and_uneven_pictures_are_not_clean() -> None:
    assert clean_ink(RING * np.float32(0.2), 2) is None
    assert clean_ink(RING + np.linspace(0, 200, 16, dtype=np.float32), 2) is None


def test_the_edge_of_a_gradient_is_not_even() -> None:
    assert has_even_edge(THICK)
    assert not has_even_edge(THICK + np.linspace(0, 200, 16, dtype=np.float32))
