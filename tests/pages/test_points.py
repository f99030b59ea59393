"""Points that the network for ink leaves out are found by their level."""

import numpy as np
import pytest

from digits.pages.glyphs import find_glyphs
from digits.pages.locate import InkMap
from digits.pages.points import with_points

HIGH, PEN = 40, 5
SPOT = 47, 36, 52, 41  # top, left, bottom, right


def page(*spots: tuple[int, int, int, int], seen: float = 0.0) -> InkMap:
    """Two 0s in row 10, and dark spots: boxes of top, left, bottom, right, of which ink was seen that clearly."""
    ink = np.zeros((80, 90), np.float32)
    for left in (5, 45):
        ink[10:50, left : left + 26] = 1
        ink[10 + PEN : 50 - PEN, left + PEN : left + 26 - PEN] = 0
    image = 0.9 - 0.8 * ink
    for top, left, bottom, right in spots:
        image[top:bottom, left:right] = 0.2
        ink[top:bottom, left : left + 2] = seen
    return InkMap(ink, 0 * ink, 0 * ink, 1.0, image)


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize("seen", [0.0, 0.9])
def test_a_dark_spot_beside_a_digit_is_a_point(seen: float, light: bool) -> None:
    found = page(SPOT, seen=seen)
    found = found._replace(image=1 - found.image) if light else found
    _, _, point = with_points(find_glyphs(found), found, HIGH)
    assert (point.top + 1, point.left + 1, point.bottom - 1, point.right - 1) == SPOT
    assert point.mass == 25


def test_lines_the_dots_of_paper_and_ink_are_no_points() -> None:
    dots = [(15, 34, 18, 37), (30, 34, 33, 37), (46, 34, 49, 37)]
    for spots in ([], [(47, 0, 49, 90)], [(10, 36, 80, 39)], dots):
        found = page(*spots)
        assert len(with_points(find_glyphs(found), found, HIGH)) == len(find_glyphs(found))
