"""What a picture shows: one digit, or the digits and marks of a page. All that reads pictures asks here.

A picture shows one digit where all of its ink is one connected, upright, likely digit. Others are looked at both ways,
and show one digit where a page of it would have no more; where the digit that is seen on the whole picture holds all
that the page would have, and is no less likely; and where it is so much larger that these must be pieces of it.
"""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from digits.pages.frames import SQUARE
from digits.pages.grey import to_grey
from digits.pages.judge import confidences
from digits.pages.locate import Grey
from digits.pages.page import NOWHERE, Content, DigitBox, prepare_several
from digits.pages.paper import has_even_edge
from digits.pages.photo import NEAR, Box, NoDigit, falls_apart, is_tiny, prepare_one
from digits.system.memory import return_freed_memory

FEW = 4  # pieces into which one digit may fall
LARGER = 1.5  # times as high as its pieces is a digit at least of which only pieces were seen
CLEAR = 0.9  # its confidence then
UPRIGHT = 0.95  # its width, as a share of its height, where it is not looked for on a page
LIKELY = 0.97  # its confidence then
CERTAIN = 0.995  # of confidences above it, none says more than another
NARROW = 0.4  # times as wide as high is a piece of a stroke at most
APART = 0.15  # of its height: digits of two lines are further from each other than pieces of one
SPECK = 0.15  # of the digit's height: of two pieces that are lower, both may be dirt
INSIDE = 0.8  # of each piece lies within the digit
OVERLAP = 0.4  # of the box of one of two pieces lies within that of the other: digits that touch hardly overlap so
WHOLE = 0.8  # the confidence then of the one digit


def find_contents(image: Image.Image) -> list[Content]:
    """The digits and marks of a picture, in reading order, each as `prepare_several` gives it.

    Raises:
        NoDigit: the picture is blank, or shows nothing that could be a digit.
    """
    grey = to_grey(image)
    try:
        form, box = prepare_likelier(grey)
    except NoDigit:
        found = several(image, grey)
        if any(not note for _, note, _ in found):
            return found
        raise
    if is_one_of_mnist(form, image):
        return [(form, "", whole_pixels(box, image))]
    alone = float(confidences(form[None])[0])
    found = [] if is_plain(box, alone, grey) else several(image, grey)
    box = in_file(box, image)
    marks = [place.mark for *_, place in found if place.mark not in ("", "?")]
    digits = [place for _, note, place in found if not note]
    signed = len(digits) == 1 and (marks == ["-"] or (bool(marks) and alone < CLEAR))  # such as -5
    if len(digits) == 1 and not signed and is_elsewhere(found, box):
        return [(page, "", place._replace(line=0, number=0, column=-1)) for page, note, place in found if not note]
    if (len(digits) < 2 and not signed) or is_one(box, alone, found):
        return [(form, "", whole_pixels(box, image))]
    return found


def prepare_likelier(grey: Grey) -> tuple[NDArray[np.uint8], Box]:
    """See `prepare_one`; a picture, (H, W), that may be seen badly is looked at in two ways: the likelier one counts.

    A tiny picture has an uneven edge by strokes that reach it, or by a shadow. On others, thin strokes and the edges of
    shadows are clearer from near.

    Raises:
        NoDigit: the picture is blank, or shows nothing that could be a digit.
    """
    ways = []
    if is_tiny(grey) and not has_even_edge(grey):
        with suppress(NoDigit):
            ways.append(prepare_one(grey, shaded=True))
    try:
        ways.append(prepare_one(grey))
    except NoDigit:
        if not ways:
            raise
    if not is_tiny(grey) and confidences(ways[0][0][None])[0] < LIKELY:
        with suppress(NoDigit):
            ways.append(prepare_one(grey, side=NEAR))
    if len(ways) == 1:
        return ways[0]
    return ways[int(confidences(np.stack([form for form, _ in ways])).argmax())]


def several(image: Image.Image, grey: Grey) -> list[Content]:
    """What a picture shows as a page; nothing where that is no digit."""
    try:
        return prepare_several(image, grey)
    except NoDigit:
        return []
    finally:
        return_freed_memory()


def is_one_of_mnist(form: NDArray[np.uint8], image: Image.Image) -> bool:
    """Whether a picture has MNIST's own form, and what is dark is connected: then nothing has to be looked at."""
    return np.array_equal(np.asarray(image), form) and ndimage.label(form > 127, SQUARE)[1] == 1


def is_plain(box: Box, alone: float, grey: Grey) -> bool:
    """Whether a digit that is seen on the whole picture, with this confidence, is all that the picture shows.

    A narrow one could be a long list, whose digits are seen apart only from near.
    """
    if not (box.lone and box.width < UPRIGHT * box.height and alone >= LIKELY):
        return False
    return box.width >= NARROW * box.height or not falls_apart(grey)


def is_one(box: Box, alone: float, found: Sequence[Content]) -> bool:
    """Whether a page that was found, of at least one piece, is pieces of the one digit that is seen on the picture."""
    places = [place for *_, place in found]
    larger = alone >= CLEAR and box.height > LARGER * max(place.height for place in places)
    within = len(found) <= FEW and all(inside(place, box) >= INSIDE for place in places)
    if not (larger or within) or are_digits(found, box):
        return False
    if larger:
        return True
    blank = np.zeros((28, 28), np.uint8)
    pieces = np.stack([piece for piece, note, _ in found if not note] or [blank])
    return alone >= min(CERTAIN, float(confidences(pieces).min())) or (alone >= WHOLE and are_entangled(places))


def are_entangled(places: Sequence[DigitBox]) -> bool:
    """Whether the boxes of two pieces overlap more than those of digits do, side by side or above each other."""
    boxes = [Box(p.left, p.top, p.left + p.width, p.top + p.height) for p in places]
    return any(inside(place, box) >= OVERLAP for i, place in enumerate(places) for box in boxes[:i] + boxes[i + 1 :])


def are_digits(found: Sequence[Content], box: Box) -> bool:
    """Whether pieces are digits above each other: likely ones, not as narrow as a piece of a stroke, and no two specks.

    A list that is much higher than wide looks like a 1 from afar, and two 0s above each other like an 8.
    """
    wide = [(form, place) for form, note, place in found if not note and place.width >= NARROW * place.height]
    if len(wide) < 2:
        return False
    likely = confidences(np.stack([form for form, _ in wide])) >= LIKELY
    sure = [place for (_, place), one in zip(wide, likely, strict=True) if one]
    if len(sure) < 3 and any(place.height < SPECK * box.height for place in sure):
        return False
    return any(b.top - a.top - a.height >= APART * min(a.height, b.height) for a in sure for b in sure)


def inside(place: DigitBox, box: Box) -> float:
    """Which share of a place lies within a box."""
    across = min(place.left + place.width, box.right) - max(place.left, box.left)
    down = min(place.top + place.height, box.bottom) - max(place.top, box.top)
    return max(0.0, across) * max(0.0, down) / max(1, place.width * place.height)


def is_elsewhere(found: Sequence[Content], box: Box) -> bool:
    """Whether the only digit of a page is a likely one, of which the whole picture shows a piece, or something else."""
    ((form, _, place),) = (one for one in found if not one[1])
    return inside(place, box) < INSIDE and float(confidences(form[None])[0]) >= LIKELY


def in_file(box: Box, image: Image.Image) -> Box:
    """A box in pixels of the picture's file, which may have been reduced when it was read."""
    reduced_by = image.info.get("reduced_by", 1.0)
    return Box._make([*(n * reduced_by for n in box[:4]), *box[4:]])


def whole_pixels(box: Box, image: Image.Image) -> DigitBox:
    """A box in pixels of the file as that of the only digit of a picture."""
    width, height = (n * image.info.get("reduced_by", 1.0) for n in image.size)
    left, top = max(0, int(box.left)), max(0, int(box.top))
    right, bottom = round(min(box.right, width)), round(min(box.bottom, height))
    return NOWHERE._replace(left=left, top=top, width=max(1, right - left), height=max(1, bottom - top))
