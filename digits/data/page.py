"""From a picture of several digits to each of them in MNIST's form.

Arrays: H rows, W columns. A box is the rows and the columns that a part of the picture takes.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from digits.data.photo import SIDE, WORK, NoDigit, center, find_ink, resize_to_box, to_grey

PAGE = 3 * WORK  # pixels; a larger picture is reduced to this many along its longer side


class DigitBox(NamedTuple):
    """Where a digit stands: its line, from 0, and its box in pixels of the picture."""

    line: int
    left: int
    top: int
    width: int
    height: int


def prepare_several(image: Image.Image) -> list[tuple[NDArray[np.uint8], str, DigitBox]]:
    """Cut a picture into its digits, and bring each to MNIST's form.

    A digit is what is connected, with what stands right above or below it, such as the loose bar of a 5. Digits that
    touch each other are taken for one.

    Returns:
        For each digit, line by line and from left to right: the image, uint8 (28, 28); why it has nothing to predict,
        or ""; and where it stands.

    Raises:
        NoDigit: the picture is blank.
    """
    grey = to_grey(image)
    ink = find_ink(grey, PAGE)
    factor = -(-max(grey.shape) // PAGE)
    parts, _ = ndimage.label(ink > 0.25, np.ones((3, 3)))
    boxes = ndimage.find_objects(parts)
    digits = []
    for line, group in in_reading_order(join_parts(boxes)):
        alone = np.where(ndimage.binary_dilation(np.isin(parts, [i + 1 for i in group])), ink, 0)
        rows, columns = union([boxes[i] for i in group])
        extent = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        box = DigitBox(line, *(factor * n for n in extent))
        try:
            digits.append((center(resize_to_box(alone)), "", box))
        except NoDigit as error:
            digits.append((np.zeros((SIDE, SIDE), np.uint8), str(error), box))
    return digits


Box = tuple[slice, slice]  # rows and columns


def union(boxes: list[Box]) -> Box:
    """The smallest box around all."""
    return tuple(slice(min(b[i].start for b in boxes), max(b[i].stop for b in boxes)) for i in (0, 1))  # type: ignore[return-value]


def join_parts(boxes: list[Box]) -> dict[tuple[int, ...], Box]:
    """Which of the parts make a digit together: the numbers of its parts, and the box around them.

    Two belong together if one stands above the other, and both together are not much taller than a digit of this page.
    """
    heights = np.array([rows.stop - rows.start for rows, _ in boxes])
    usual = float(np.median(heights[heights >= heights.max() / 2]))
    groups: dict[tuple[int, ...], Box] = {(i,): box for i, box in enumerate(boxes)}

    def together(a: Box, b: Box) -> bool:
        overlap = min(a[1].stop, b[1].stop) - max(a[1].start, b[1].start)
        rows, _ = union([a, b])
        narrower = min(box[1].stop - box[1].start for box in (a, b))
        gap = max(a[0].start, b[0].start) - min(a[0].stop, b[0].stop)
        return overlap >= 0.5 * narrower and gap <= 0.35 * usual and rows.stop - rows.start <= 1.4 * usual

    while pair := next((p for p in combinations(groups, 2) if together(groups[p[0]], groups[p[1]])), None):
        box = union([groups.pop(key) for key in pair])
        groups[pair[0] + pair[1]] = box
    return groups


def in_reading_order(groups: dict[tuple[int, ...], Box]) -> list[tuple[int, tuple[int, ...]]]:
    """Digits line by line, from left to right, with the number of their line."""
    usual = float(np.median([rows.stop - rows.start for rows, _ in groups.values()]))
    lines: list[list[tuple[int, ...]]] = []
    last = -np.inf
    for key in sorted(groups, key=lambda key: groups[key][0].start + groups[key][0].stop):
        middle = (groups[key][0].start + groups[key][0].stop) / 2
        if middle - last > 0.5 * usual:
            lines.append([])
        lines[-1].append(key)
        last = middle
    return [(n, key) for n, line in enumerate(lines) for key in sorted(line, key=lambda key: groups[key][1].start)]
