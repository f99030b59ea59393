"""What is connected in ink, without the circles and boxes that people draw around their answers.

Arrays: h rows, w columns of an `InkMap`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from digits.pages.locate import Grey

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

THRESHOLD = 0.5  # of ink
FAINT = 0.05  # of ink: the network that finds ink leaves out much of a box, but seldom all
GAPS = (3, 8)  # pixels on either side of a gap in a frame; the smaller one parts it from what stands beside it
LEAST = 12  # pixels along the shorter side of a frame
OUTER, INNER = 0.1, 0.25  # of the shorter side: a frame's stroke reaches the first margin, and nowhere past the second
AROUND = 0.8  # of the four sides of the middle; three sides, as of a U, and digits around another one have less
DIRT = 0.03  # of the middle may be faint
HIGH = 0.3  # of a frame's height: what is lower may be the dot in a 0
SLANTED = -0.8  # correlation of rows and columns of the loose slash in a 0, or below
TALL = 1.2  # times as high as wide is a 0, at least, but not a circle around a slanted 1
CORNER = 0.12  # of its shorter side: so near comes an empty box to its corners; a circle has 0.2
LONG = 1.3  # times as long as its shorter side is an empty box at most

SQUARE = np.ones((3, 3), bool)  # pixels that touch at an edge or a corner are connected


def label_parts(ink: Grey) -> tuple[Labels, int]:
    """Number what is connected in ink, (h, w) from 0 to 1, but for frames: labels from 1, 0 elsewhere; how many."""
    parts, n = ndimage.label(ink > THRESHOLD, SQUARE)
    if n < 2:
        return parts, n
    faint, keep = ink > FAINT, np.ones(n + 1, bool)
    for gap in GAPS:
        strokes, _ = ndimage.label(ndimage.maximum_filter(faint, 2 * gap + 1), SQUARE)
        strokes = np.where(faint, strokes, 0)
        for i, here in enumerate(ndimage.find_objects(strokes)):
            if min(s.stop - s.start for s in here) >= LEAST:
                keep[find_frame(strokes[here] == i + 1, parts[here])] = False
    return (parts, n) if keep.all() else ndimage.label(keep[parts] & (parts > 0), SQUARE)


def find_frame(stroke: Mask, parts: Labels) -> list[int]:
    """Which parts are a frame, of a stroke that touches the four sides of this crop, both (h, w); empty if it is none.

    A frame leaves the middle free, and surrounds it, and something that may be a digit stands there; or nothing, and it
    has corners, as a box that nobody has ticked.
    """
    h, w = stroke.shape
    margin, inset = (max(2, round(share * min(h, w))) for share in (OUTER, INNER))
    reaching = np.unique(np.where(stroke, parts, 0)[rim(h, w, margin)]).tolist()
    frame = [part for part in reaching if part]
    middle = (slice(inset, h - inset), slice(inset, w - inset))
    within = [part for part in np.unique(parts[middle]).tolist() if part]
    if not frame or set(frame) & set(within):
        return []
    rest = stroke & ~ndimage.binary_dilation((parts > 0) & ~np.isin(parts, frame), SQUARE, 2)
    rows, columns = rest[middle[0]], rest[:, middle[1]]
    barred = [rows[:, :inset].any(1), rows[:, w - inset :].any(1), columns[:inset].any(0), columns[h - inset :].any(0)]
    around = rest[middle].mean() <= DIRT and np.mean([side.mean() for side in barred]) >= AROUND
    if not around or not within:
        return frame if around and has_corners(stroke) else []
    boxes = ndimage.find_objects(parts)
    return frame if any(may_be_digit(parts[boxes[k - 1]] == k, (h, w)) for k in within) else []


def has_corners(stroke: Mask) -> bool:
    """Whether a stroke, (h, w), reaches close to all corners of its box, and it is about as wide as high."""
    h, w = stroke.shape
    y, x = np.nonzero(stroke)
    away = max(np.hypot(y - row, x - column).min() for row in (0, h - 1) for column in (0, w - 1))
    return bool(max(h, w) < LONG * min(h, w) and away <= CORNER * min(h, w))


def extent(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns of the smallest box with all that is true in a mask, (h, w); of none where nothing is."""
    rows, columns = (np.flatnonzero(mask.any(axis)).tolist() or [0, -1] for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def rim(h: int, w: int, margin: int) -> Mask:
    """Where a crop, (h, w), is within a margin of its edge."""
    mask = np.ones((h, w), bool)
    mask[margin : h - margin, margin : w - margin] = False
    return mask


def may_be_digit(part: Mask, frame: tuple[int, int]) -> bool:
    """Whether a part, cropped, within a frame of this shape, is neither a dot nor a slash, as those in a 0."""
    if part.shape[0] < HIGH * frame[0]:
        return False
    y, x = np.nonzero(part)
    return bool(frame[0] < TALL * frame[1] or np.ptp(x) < 2 or np.corrcoef(y, x)[0, 1] > SLANTED)
