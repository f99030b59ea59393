"""From any picture of a digit to MNIST's form.

Models that know MNIST fail on other pictures for reasons that have nothing to do with handwriting: MNIST's digits are
white on black, without paper or shadow, scaled to fit 20×20 pixels, and centred by their mass in 28×28. `prepare` does
the same to a picture. The form is the one that LeCun, Cortes and Burges describe with the data set: "size-normalized to
fit in a 20x20 pixel box while preserving their aspect ratio", grey levels from anti-aliasing, centred "by computing the
center of mass"; the numbers below were measured on the training images.

Arrays: H rows, W columns. Grey levels are float32, 0 (black) to 255 (white).
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

SIDE, BOX = 28, 20
CENTRE = 14.0  # row and column of the centre of mass: 14.00 ± 0.29 in MNIST
STROKE = 2.0  # pixels; half of MNIST's digits are written with 1.3 to 2.6
WORK = 512  # a larger picture is reduced to this many pixels along its longer side
WIDEST = 10.0  # pixels; the widest strokes of MNIST's digits have 9.9
LEAST_CONTRAST = 16.0  # grey levels between paper and ink below which a page counts as blank


class NoDigit(ValueError):
    """The picture can be read, but shows nothing that could be a digit; the message says what it is instead."""


def to_grey(image: Image.Image) -> Grey:
    """Grey levels of a picture of any mode, (H, W), 0 to 255; transparency becomes the paper that the ink needs."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more
        values = np.asarray(image, dtype=np.float32)
        low, high = (0.0, 65535.0) if image.mode != "F" and values.max(initial=0) > 255 else (0.0, 255.0)
        if image.mode == "F":
            low, high = float(values.min(initial=0)), max(float(values.max(initial=1)), 1e-6)
        return np.asarray(np.clip((values - low) / (high - low), 0, 1) * 255, dtype=np.float32)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        ink = np.asarray(rgba.convert("RGB").convert("L"), dtype=np.float32)
        alpha = np.asarray(rgba.getchannel("A"), dtype=np.float32) / 255
        dark = (ink * alpha).sum() < 127.5 * alpha.sum()
        return np.asarray(ink * alpha + (255 if dark else 0) * (1 - alpha), dtype=np.float32)
    return np.asarray(image.convert("RGB").convert("L"), dtype=np.float32)


def is_mnist(grey: Grey) -> bool:
    """Whether the picture has MNIST's form already: 28×28, and black around the edge."""
    return grey.shape == (SIDE, SIDE) and float(np.median(edge(grey, 1))) == 0


def prepare(image: Image.Image) -> NDArray[np.uint8]:
    """Bring a picture of one digit to MNIST's form: uint8, (28, 28), ink 255 on 0.

    Pictures that have it already are returned unchanged. Otherwise: find the ink (`find_ink`), crop to it, fit it into
    20×20 keeping its aspect, widen strokes that have become much thinner than MNIST's, stretch the contrast to 255, and
    move the centre of mass to the middle.

    Raises:
        NoDigit: the picture is blank, or shows a filled shape.
    """
    grey = to_grey(image)
    if is_mnist(grey):
        if not grey.any():
            raise NoDigit("blank")
        return grey.round().astype(np.uint8)
    return center(resize_to_box(find_ink(grey)))


def find_ink(grey: Grey, side: int = WORK) -> Grey:
    """How much ink is where: (H', W'), 0 (paper) to 1, larger pictures reduced, the rest of the page cleared.

    Both are tried, ink that is darker and ink that is lighter than the paper; the edge of the picture tells what levels
    the paper has, and the ink is what lies further outside them. What differs by more than half of the typical ink is
    ink, with what touches it and differs by a quarter (hysteresis, as in Canny, 1986).

    Raises:
        NoDigit: nothing differs from the paper.
    """
    found = []
    for light in (reduce(255 - grey, side), reduce(grey, side)):  # the ink as light on dark
        ink = extract(light, side)
        if ink is not None:
            paper, lightest = np.percentile(edge(light, 1), [50, 90])  # half of the edge may lie in a shadow
            level = float(light[ink > 0.5].mean())
            found.append((level - lightest + 0.1 * (level - paper), ink))
    if not found:
        raise NoDigit("blank")
    return max(found, key=lambda pair: pair[0])[1]


def extract(light: Grey, side: int = WORK) -> Grey | None:
    """Ink that is lighter than its surroundings, (H, W), 0 to 1; None if there is none.

    Where the edge of the picture is even, all that differs from it is ink; a digit may reach the edge, but no corner.
    Otherwise, uneven paper and shadows go with the top-hat transform: the opening with a window wider than a stroke
    keeps paper, gradients and the edges of shadows, but no strokes, and is subtracted.
    """
    paper = float(np.median(edge(light, 1)))
    smooth = ndimage.gaussian_filter(light, max(light.shape) / side)
    if has_even_edge(light):
        return threshold(np.clip(smooth - paper, 0, None))
    window = max(3, round(0.35 * min(light.shape)))
    around = window // 2
    wider = np.pad(smooth, around, mode="reflect", reflect_type="odd")  # a gradient goes on beyond the edge
    opened = ndimage.grey_opening(wider, window)[around : around + light.shape[0], around : around + light.shape[1]]
    return threshold(smooth - opened)


def has_even_edge(grey: Grey) -> bool:
    """Whether the corners and more than half of the edge have the same level; with gradients and shadows they don't."""
    k = max(1, min(grey.shape) // 20)
    ends = slice(k), slice(-k, None)
    corners = [float(np.median(grey[rows, columns])) for rows in ends for columns in ends]
    like_corners = np.abs(edge(grey, 1) - np.median(corners)) < LEAST_CONTRAST
    return max(corners) - min(corners) < LEAST_CONTRAST and float(like_corners.mean()) > 0.5


def threshold(flat: Grey) -> Grey | None:
    """Ink, 0 to 1, on paper that is flat: about 0 everywhere. None if there is none."""
    low, paper = np.percentile(flat, [5, 20])
    flat, noise = flat - paper, (paper - low) / 0.8  # as far apart as 0.8 deviations of a normal distribution
    candidates = flat[flat > max(LEAST_CONTRAST, 6 * noise)]
    if candidates.size == 0:
        return None
    level = float(np.percentile(candidates, 75))
    parts = ndimage.label(flat > max(0.25 * level, 3 * noise), np.ones((3, 3)))[0]
    mask = keep_strokes(parts, flat > 0.5 * level)
    around = ndimage.binary_dilation(mask)  # the soft edge of the strokes
    return np.where(around, np.clip(flat / level, 0, 1), 0).astype(np.float32) if mask.any() else None


def edge(grey: Grey, width: int) -> Grey:
    """The pixels of a frame of `width` pixels along the edge, in one row."""
    inner = np.zeros(grey.shape, dtype=bool)
    inner[width:-width, width:-width] = True
    return grey[~inner]


def reduce(grey: Grey, side: int = WORK) -> Grey:
    """Reduce to at most `side` pixels along the longer side, keeping thin light strokes visible.

    Each pixel is halfway between the mean and the maximum of its block: a line one pixel wide keeps half of its
    contrast, where the mean alone would lose it.
    """
    factor = -(-max(grey.shape) // side)
    if factor == 1:
        return grey
    h, w = (-(-n // factor) * factor for n in grey.shape)
    padded = np.pad(grey, ((0, h - grey.shape[0]), (0, w - grey.shape[1])), mode="edge")
    blocks = padded.reshape(h // factor, factor, w // factor, factor)
    return (blocks.mean(axis=(1, 3)) + blocks.max(axis=(1, 3))) / 2


def keep_strokes(labels: NDArray[np.int32], strong: Mask) -> Mask:
    """Of the connected parts in `labels`, those of the digit: with strong ink, no specks, no frame."""
    ids = np.unique(labels[strong & (labels > 0)])
    if ids.size == 0:
        return np.zeros(labels.shape, dtype=bool)
    boxes = ndimage.find_objects(labels)
    h, w = labels.shape
    extent = {i: max(s.stop - s.start for s in boxes[i - 1]) for i in ids}

    def inside(i: int) -> bool:
        rows, columns = boxes[i - 1]
        touches = rows.start == 0 or columns.start == 0 or rows.stop == h or columns.stop == w
        middle = labels[h // 8 : -(h // 8) or None, w // 8 : -(w // 8) or None]
        return not touches or bool((middle == i).any())

    digit = [i for i in ids if inside(i)] or list(ids)
    largest = max(extent[i] for i in digit)
    return np.isin(labels, [i for i in digit if extent[i] >= 0.2 * largest])


def resize_to_box(ink: Grey) -> Grey:
    """Crop to the ink and fit it into 20×20 keeping its aspect, with strokes about as wide as MNIST's; 0 to 1.

    Raises:
        NoDigit: there are no strokes.
    """
    rows, columns = (np.flatnonzero((ink > 0.25).any(axis=axis)) for axis in (1, 0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(crop.shape)
    wanted, width = STROKE / scale, stroke_width(crop > 0.5)
    if width * scale > WIDEST:
        raise NoDigit("no digit: a filled shape")
    if width < 0.75 * wanted:
        grow = max(1, round(wanted - width))
        crop = np.pad(crop, grow)
        y, x = np.ogrid[-grow : grow + 1, -grow : grow + 1]
        disc = y**2 + x**2 <= (grow / 2) ** 2 + 0.5
        crop = ndimage.grey_dilation(crop, footprint=disc)
        rows, columns = (np.flatnonzero((crop > 0.25).any(axis=axis)) for axis in (1, 0))
        crop = crop[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        scale = BOX / max(crop.shape)
    h, w = (max(1, round(n * scale)) for n in crop.shape)
    small = np.asarray(Image.fromarray(crop).resize((w, h), Image.Resampling.BICUBIC))
    return np.clip(small / max(float(np.percentile(small[small > 0.1], 90)), 1e-6), 0, 1)


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
