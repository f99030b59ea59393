"""What is around a glyph tells a digit from a piece of a line that goes on."""

import numpy as np
import pytest

from digits.pages.around import dark_ends, dark_rim
from digits.pages.glyphs import find_glyphs
from digits.pages.locate import InkMap
from digits.pages.page import without_borders


def stroke(paper: float, level: float, above: int, below: int) -> InkMap:
    """An upright stroke of 40 rows, 4 wide, that is ink; so far it goes on above and below, as no ink."""
    ink = np.zeros((80, 60), np.float32)
    ink[20:60, 20:24] = 1
    image = np.full_like(ink, paper)
    image[20 - above : 60 + below, 20:24] = level
    return InkMap(ink, 0 * ink, 0 * ink, 1.0, image)


@pytest.mark.parametrize(("paper", "level"), [(0.9, 0.1), (0.1, 0.7)])
def test_what_goes_on_at_both_ends_is_no_digit(paper: float, level: float) -> None:
    for above, below in ((0, 0), (20, 0), (20, 20)):
        found = stroke(paper, level, above, below)
        (glyph,) = find_glyphs(found)
        gap = above > 0 and below > 0
        assert (dark_ends(glyph, found) > 0.2) == gap
        assert dark_rim(glyph, found) < 0.14
        assert len(without_borders([glyph], 40, found)) == (0 if gap else 1)
