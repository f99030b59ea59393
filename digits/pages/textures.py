"""Textures: grass, hair and bricks are full of strokes, each of which looks like a 1.

Those of a photograph have all sizes, and the 1s that somebody writes are about as high as each other.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.pages.judge import probabilities

SURE = 0.9  # the classifier's confidence in a digit
LEAST = 4  # of 1s
SHARE = 0.5  # of the sure digits are 1s, at least
SPREAD = 0.2  # the standard deviation of the natural logarithm of their heights, at least


def strokes_of_texture(forms: Sequence[NDArray[np.uint8]], heights: Sequence[int]) -> NDArray[np.bool_]:
    """Which of the digits of a page are no digits, but strokes of a texture.

    Args:
        forms: the digits, each (28, 28).
        heights: how high each is on the page, in pixels.
    """
    none = np.zeros(len(forms), bool)
    if len(forms) < LEAST:
        return none
    each = probabilities(np.stack(forms))
    sure = each.max(axis=1) > SURE
    ones = each.argmax(axis=1) == 1
    some = np.array(heights)[sure & ones]
    if len(some) < max(LEAST, SHARE * sure.sum()) or np.log(some).std() < SPREAD:
        return none
    return ones
