"""MNIST's digits as pen strokes: their middle lines, to be drawn anew with any pen.

The middle lines come from thinning by Zhang and Suen, "A fast parallel algorithm for thinning digital patterns" (1984),
of the images enlarged twice.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from digits.data.synthetic.strokes import Stroke

Mask = NDArray[np.bool_]
LOST = 0.015  # of a digit's ink lies apart from its middle line, at most, so that the line alone is still that digit
AROUND = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]  # from above, clockwise


def removable() -> NDArray[np.bool_]:
    """For both half-steps, whether a pixel goes whose neighbours are the bits of a number: (2, 256)."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    neighbours = bits.sum(1)
    runs = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(1)
    north, east, south, west = bits[:, 0], bits[:, 2], bits[:, 4], bits[:, 6]
    border = (neighbours >= 2) & (neighbours <= 6) & (runs == 1)
    first = border & (north * east * south == 0) & (east * south * west == 0)
    second = border & (north * east * west == 0) & (north * south * west == 0)
    return np.stack([first, second])


def thin(masks: Mask) -> Mask:
    """Middle lines, one pixel wide, of what is connected in each of the masks, (N, H, W)."""
    table, padded = removable(), np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    inner = padded[:, 1:-1, 1:-1]
    changed = True
    while changed:
        changed = False
        for rule in table:
            code = np.zeros(inner.shape, np.uint8)
            for bit, (dy, dx) in enumerate(AROUND):
                moved = padded[:, 1 + dy : padded.shape[1] - 1 + dy, 1 + dx : padded.shape[2] - 1 + dx]
                code |= moved.astype(np.uint8) << bit
            gone = inner & rule[code]
            if gone.any():
                inner &= ~gone
                changed = True
    return inner


def trace(line: Mask) -> list[Stroke]:
    """The middle line of one digit, (H, W), as strokes of unit height, smoothed; each starts and ends at a knot."""
    points = [(int(y), int(x)) for y, x in np.argwhere(line)]
    known = set(points)

    def beside(p: tuple[int, int]) -> list[tuple[int, int]]:
        straight = [q for dy, dx in AROUND[::2] if (q := (p[0] + dy, p[1] + dx)) in known]
        across = [q for dy, dx in AROUND[1::2] if (q := (p[0] + dy, p[1] + dx)) in known]
        return straight + [q for q in across if (p[0], q[1]) not in known and (q[0], p[1]) not in known]

    links = {p: beside(p) for p in points}
    used: set[frozenset[tuple[int, int]]] = set()
    strokes = []
    for start in sorted(points, key=lambda p: len(links[p]) == 2):  # ends and crossings first, then closed loops
        for q in links[start]:
            path = [start]
            while frozenset((path[-1], q)) not in used:
                used.add(frozenset((path[-1], q)))
                path.append(q)
                onward = [n for n in links[q] if n != path[-2]]
                if len(links[q]) != 2 or not onward:
                    break
                q = onward[0]
            if len(path) > 1:
                strokes.append(soften(np.array(path, np.float32)[:, ::-1]))
    if not strokes:
        return []
    low, high = (f(np.concatenate(strokes), axis=0) for f in (np.min, np.max))
    return [(stroke - low) / max(float(high[1] - low[1]), 1) for stroke in strokes]


def soften(points: Stroke) -> Stroke:
    """Points moved towards their neighbours, but for the ends, so that steps become a smooth line; every second."""
    for _ in range(5):
        points = np.concatenate([points[:1], (points[:-2] + 2 * points[1:-1] + points[2:]) / 4, points[-1:]])
    return np.concatenate([points[:-1:2], points[-1:]])


def trace_all(images: NDArray[np.uint8]) -> list[list[Stroke]]:
    """Strokes of each image, (N, 28, 28) with ink 255 on 0; none for an image that its middle line does not tell.

    That line is too short, or misses ink: of an 8 whose lower loop is filled, it leaves a 9.
    """
    size = (2 * images.shape[2], 2 * images.shape[1])
    large = np.stack([np.asarray(Image.fromarray(a).resize(size, Image.Resampling.BICUBIC)) for a in images])
    masks = large > 110
    return [
        trace(line) if line.sum() > 4 and missed(mask, line) <= LOST else []
        for mask, line in zip(masks, thin(masks), strict=True)
    ]


def missed(mask: Mask, line: Mask) -> float:
    """The share of ink, (H, W), that a pen as broad as most strokes are does not cover along their middle line."""
    half = np.median(ndimage.distance_transform_edt(mask)[line])
    return float((mask & (ndimage.distance_transform_edt(~line) > half + 1.5)).sum() / mask.sum())
