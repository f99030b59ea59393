"""From any picture of a digit to MNIST's form.

Models that know MNIST fail on other pictures for reasons that have nothing to do with handwriting: MNIST's digits are
white on black, without paper or shadow, scaled to fit 20×20 pixels, and centred by their mass in 28×28. `prepare_one`
does the same to a picture. The form is the one that LeCun, Cortes and Burges describe with the data set:
"size-normalized to fit in a 20x20 pixel box while preserving their aspect ratio", grey levels from anti-aliasing,
centred "by computing the center of mass"; the numbers below were measured on the training images.

Arrays: H rows, W columns. Grey levels are float32, 0 (black) to 255 (white).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from digits.pages.frames import SQUARE, THRESHOLD, Mask, extent, label_parts
from digits.pages.glyphs import CLEAR, clarity_of, quantile
from digits.pages.locate import MOST, Grey, InkMap, locate_ink
from digits.pages.paper import clean_ink, has_even_edge, paper_level

SIDE, BOX = 28, 20
CENTRE = 14.0  # row and column of the centre of mass: 14.00 ± 0.29 in MNIST
OFF_CENTRE = 0.55  # pixels between them at most; at most 0.52 in MNIST
BRIGHTEST = 250.0  # grey level; 254 or 255 in MNIST
STROKE = 2.0  # pixels; half of MNIST's digits are written with 1.3 to 2.6
TINY = 100  # pixels along the longer side of a picture that is cut out close to its digit
MARGIN = 0.25  # of the longer side
ONE, NEAR = 72, 160  # pixels along the longer side of a picture of one digit, at first, and where that is unclear
SOFT = 0.25  # of ink has the edge of a stroke, at least
FAINT = 0.9  # the ink of loose parts that belong to no digit has less, everywhere
LOST = 0.88  # of its width or height has a digit of which a stroke was taken for a line of the paper, at most
SMALL, GOOD = 36, 64  # pixels: a digit that is smaller is looked at again, as large as that
CLOSE = 0.1  # of it: what is farther away then does not belong to it
THIN = 6 * BOX  # pixels; a larger digit of thin strokes is reduced first, as time grows with the fourth power
WIDEST = 10.0  # pixels; the widest strokes of MNIST's digits have 9.9


class NoDigit(ValueError):
    """The picture can be read, but shows nothing that could be a digit; the message says what it is instead."""


def is_mnist(grey: Grey) -> bool:
    """Whether the picture has MNIST's form already.

    That is 28×28 pixels, white on black, with the ink 20 pixels along its longer side (19 in 13 of the 60,000 training
    images) and its centre of mass in the middle; all training images and no other picture should pass.
    """
    if grey.shape != (SIDE, SIDE) or grey.max() < BRIGHTEST:
        return False
    longer = max(grey[extent(grey > 0)].shape)
    off = max(abs(c - CENTRE) for c in ndimage.center_of_mass(grey))
    return bool(BOX - 1 <= longer <= BOX and off <= OFF_CENTRE)


class Box(NamedTuple):
    """Where a digit stands, in pixels of the picture as it was read, not rounded; and whether it is alone.

    `lone` is true where the picture, seen as a whole, shows a digit whose ink is connected, and no more, and the digit
    has a good size or is `framed` by a circle or a box.
    """

    left: float
    top: float
    right: float
    bottom: float
    lone: bool = False
    framed: bool = False

    @property
    def width(self) -> float:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Rows."""
        return self.bottom - self.top


def prepare_one(grey: Grey, shaded: bool = False, side: int = ONE) -> tuple[NDArray[np.uint8], Box]:
    """Bring a picture of one digit, (H, W), to MNIST's form, uint8 (28, 28), ink 255 on 0; and say where it stands.

    Pictures that have it already are returned unchanged. Otherwise: find the ink (see `find_digit`), crop to it, fit it
    into 20×20 keeping its aspect, widen strokes that have become much thinner than MNIST's, stretch the contrast to
    255, and move the centre of mass to the middle.

    Raises:
        NoDigit: the picture is blank, or shows a filled shape.
    """
    if is_mnist(grey):
        rows, columns = extent(grey > 0)
        return grey.round().astype(np.uint8), Box(columns.start, rows.start, columns.stop, rows.stop, True)
    ink, box = find_digit(grey, shaded, side)
    return center(resize_to_box(ink)), box


def find_digit(grey: Grey, shaded: bool, side: int) -> tuple[Grey, Box]:
    """The ink of the digit that a picture, (H, W), shows: (h, w), 0 to 1; and where it stands.

    The picture is looked at with `side` pixels along its longer side.

    Strokes that touch the edge of a picture look like lines of its paper. So a tiny one gets a margin, unless it is
    `shaded`, and so does one with an even edge in which nothing clear is found. Where a tiny one seems to have nothing
    but a line even then, its ink is what differs from its paper.

    Raises:
        NoDigit: there is no ink, or none that is clear.
    """
    if shaded or not is_tiny(grey):
        try:
            return clear_digit(grey, side)
        except NoDigit:
            if not has_even_edge(grey):
                raise
    margin = max(2, round(MARGIN * max(grey.shape)))
    try:
        ink, box = clear_digit(np.pad(grey, margin, constant_values=paper_level(grey)), side)
    except NoDigit:
        found = clean_ink(grey, GOOD / max(grey.shape)) if is_tiny(grey) else None
        if found is None:
            raise
        return main_digit(found)
    return ink, Box._make([*(n - margin for n in box[:4]), *box[4:]])


def is_tiny(grey: Grey) -> bool:
    """Whether a picture, (H, W), is one that is likely cut out close to its digit."""
    return max(grey.shape) <= TINY


def clear_digit(grey: Grey, side: int) -> tuple[Grey, Box]:
    """The ink of the digit of a picture, looked for again at a larger scale if it is small or too thin to be seen.

    Raises:
        NoDigit: there is no ink, or none that is clear.
    """
    found = locate_ink(grey, side / max(grey.shape))
    digit, box = main_digit(found)
    extent = max(digit.shape)
    if extent < SMALL:
        scale = min(found.scale * (GOOD / extent if extent else GOOD / 16), (MOST / grey.size) ** 0.5)
        lone = box.lone and box.framed
        if extent:
            again, there = look_within(grey, box, scale, extent / found.scale)
        else:
            again, there = main_digit(locate_ink(grey, scale))
        whole = again.size and not (is_tiny(grey) and lacks_stroke(there, box))
        digit, box = (again, there) if whole else (digit, box)
        box = box._replace(lone=lone)
    if not digit.size:
        raise NoDigit("blank")
    if clarity_of(digit) < CLEAR:
        raise NoDigit("no digit: no clear strokes, or a filled shape")
    return digit, box


def look_within(grey: Grey, box: Box, scale: float, size: float) -> tuple[Grey, Box]:
    """The digit in a box, whose longer side is `size`, seen at a larger scale, with twice as much around it."""
    spare = math.ceil(2 * size)
    left, top = max(0, int(box.left) - spare), max(0, int(box.top) - spare)
    part = np.ascontiguousarray(grey[top : int(box.bottom) + spare + 1, left : int(box.right) + spare + 1])
    there = (box.left - left, box.top - top, box.right - left, box.bottom - top)
    digit, seen = main_digit(locate_ink(part, scale).within(there, CLOSE * size))
    seen = seen._replace(left=seen.left + left, top=seen.top + top, right=seen.right + left, bottom=seen.bottom + top)
    return digit, seen


def lacks_stroke(there: Box, box: Box) -> bool:
    """Whether a digit that was in a box before is clearly smaller now: straight strokes look like lines from near."""
    return there.width < LOST * box.width or there.height < LOST * box.height


def falls_apart(grey: Grey) -> bool:
    """Whether ink, (H, W), that is connected when a picture is seen as a whole is several parts when seen from near."""
    return not is_tiny(grey) and not main_digit(locate_ink(grey, NEAR / max(grey.shape)))[1].lone


def main_digit(found: InkMap) -> tuple[Grey, Box]:
    """Of the ink of a picture, that of its digit, cropped: what has most ink, with the parts around it; maybe empty."""
    labels, n = label_parts(found.ink)
    if n == 0:
        return np.empty((0, 0), np.float32), Box(0, 0, 0, 0)
    masses = ndimage.sum_labels(found.ink, labels, np.arange(1, n + 1))
    boxes = np.array([[r.start, c.start, r.stop, c.stop] for r, c in ndimage.find_objects(labels)])
    first = int(masses.argmax())
    height = max(boxes[first, 2] - boxes[first, 0], boxes[first, 3] - boxes[first, 1])
    gaps = np.maximum(boxes[:, :2], boxes[first, :2]) - np.minimum(boxes[:, 2:], boxes[first, 2:])
    near = np.maximum(gaps, 0).max(axis=1) <= 0.3 * height
    large = (masses >= 0.01 * masses[first]) & (near | (masses >= 0.5 * masses[first]))
    large &= (ndimage.maximum(found.ink, labels, np.arange(1, n + 1)) > FAINT) | (np.arange(n) == first)
    (top, left), (bottom, right) = boxes[large, :2].min(axis=0).tolist(), boxes[large, 2:].max(axis=0).tolist()
    here = (slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1))  # with the soft edge of its strokes
    kept = np.isin(labels[here], 1 + np.flatnonzero(large))
    soft = ndimage.binary_dilation(kept, SQUARE) & (kept | (labels[here] == 0))
    lone = bool((masses >= 0.02 * masses[first]).sum() == 1)
    framed = bool((found.ink[labels == 0] > THRESHOLD).any())
    box = Box._make([*(n / found.scale for n in (left, top, right, bottom)), lone, framed])
    return np.where(soft, found.ink[here], 0).astype(np.float32), box


def resize_to_box(ink: Grey) -> Grey:
    """Crop to the ink and fit it into 20×20 keeping its aspect, with strokes about as wide as MNIST's; 0 to 1.

    Raises:
        NoDigit: there are no strokes.
    """
    crop = ink[extent(ink > SOFT)]
    if not crop.size:
        raise NoDigit("blank")
    scale = BOX / max(crop.shape)
    wanted, width = STROKE / scale, stroke_width(crop > 0.5)
    if width * scale > WIDEST:
        raise NoDigit("no digit: a filled shape")
    if width < 0.75 * wanted:
        if max(crop.shape) > THIN:
            crop = reduce_thin(crop, THIN)
            wanted, width = STROKE * max(crop.shape) / BOX, stroke_width(crop > 0.5)
        grow = max(1, round(wanted - width))
        crop = np.pad(crop, grow)
        y, x = np.ogrid[-grow : grow + 1, -grow : grow + 1]
        disc = y**2 + x**2 <= (grow / 2) ** 2 + 0.5
        crop = ndimage.grey_dilation(crop, footprint=disc)
        crop = crop[extent(crop > SOFT)]
        scale = BOX / max(crop.shape)
    h, w = (max(1, round(n * scale)) for n in crop.shape)
    small = np.asarray(Image.fromarray(crop).resize((w, h), Image.Resampling.BICUBIC))
    return np.clip(small / max(quantile(small[small > 0.1], 0.9), 1e-6), 0, 1)


def reduce_thin(ink: Grey, side: int) -> Grey:
    """Reduce ink to at most `side` pixels along its longer side by the maximum of blocks, so that no stroke fades."""
    factor = -(-max(ink.shape) // side)
    rows, columns = (np.arange(0, n, factor) for n in ink.shape)
    return np.maximum.reduceat(np.maximum.reduceat(ink, rows, axis=0), columns, axis=1)


def stroke_width(mask: Mask) -> float:
    """The typical width of the strokes in `mask`, in pixels: twice the distance from their middle line to paper."""
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))
    middle = (distance == ndimage.maximum_filter(distance, 3)) & (distance > 0)
    return 2 * float(distance[middle].mean()) - 1 if middle.any() else 1.0


def center(digit: Grey) -> NDArray[np.uint8]:
    """Put a digit of at most 20×20, 0 to 1, into 28×28 with its centre of mass in the middle; uint8, 0 to 255."""
    centre = ndimage.center_of_mass(digit)
    top, left = (
        min(max(round(CENTRE - c), 0), SIDE - n) for c, n in zip(centre, digit.shape, strict=True)
    )  # an image has no place for a digit that is far off its own centre
    out = np.zeros((SIDE, SIDE), dtype=np.uint8)
    out[top : top + digit.shape[0], left : left + digit.shape[1]] = np.round(digit * 255)
    return out
