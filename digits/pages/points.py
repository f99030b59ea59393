"""Points that the network for ink leaves out, as it takes small ones for dirt: found beside digits by their level.

Lengths are in pixels of the `InkMap`.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from digits.pages.around import levels, surroundings
from digits.pages.frames import SQUARE, THRESHOLD
from digits.pages.glyphs import LETTER, POINT, Glyph
from digits.pages.locate import InkMap

TALL = 0.7  # of a digit's usual height: beside lower glyphs, no points are looked for
REACH = 0.9, 0.3  # of the usual height, to the right of a digit and below it
LEVEL = 0.6  # of the contrast of the digit's strokes, at least, has a point
HALF = 0.5  # of it may be seen as ink
MOST = 2  # beside one digit: more are dirt, or the dots of dotted paper


def with_points(glyphs: Sequence[Glyph], found: InkMap, usual: float) -> list[Glyph]:
    """Add spots beside digits that may be points, commas or parts of a colon: as dark as the digit, and hardly ink.

    What goes on beyond the place that is looked at is a line.

    Args:
        glyphs: everything on the page.
        found: its ink.
        usual: how high a digit of the page is.

    Returns:
        The glyphs, without what was seen of the spots, and the spots.
    """
    points: dict[tuple[int, int], Glyph] = {}
    across, down = (round(share * usual) for share in REACH)
    for glyph in glyphs:
        if glyph.other >= LETTER or glyph.height < TALL * usual or not glyph.is_clear:
            continue
        own, _, image = surroundings(glyph, found)
        stroke, paper = levels(own, image)
        here = (slice(glyph.top, glyph.bottom + down), slice(glyph.left, glyph.right + across))
        dark = (found.image[here] - paper) / (stroke - paper or 1) > LEVEL
        labels, n = ndimage.label(dark, SQUARE)
        inked = ndimage.mean(found.ink[here] > THRESHOLD, labels, np.arange(n + 1))
        going_on = set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).tolist())
        boxes = ndimage.find_objects(labels)
        sides = [max(s.stop - s.start for s in box) for box in boxes]
        small = [i for i in range(1, n + 1) if sides[i - 1] < POINT * usual and inked[i] < HALF and i not in going_on]
        if len(small) > MOST:
            continue
        for i in small:
            spot = np.pad(labels[boxes[i - 1]] == i, 1).astype(np.float32)
            top, left = (s.start + of.start - 1 for s, of in zip(boxes[i - 1], here, strict=True))
            points[top, left] = Glyph(top, left, spot, np.zeros_like(spot), 0.0)
    spots = list(points.values())
    return [g for g in glyphs if not any(covers(spot, g) for spot in spots)] + spots


def covers(spot: Glyph, glyph: Glyph) -> bool:
    """Whether a spot covers the middle of a glyph that is no larger."""
    y, x = glyph.center
    inside = spot.top <= y < spot.bottom and spot.left <= x < spot.right
    return inside and glyph.height <= spot.height and glyph.width <= spot.width
