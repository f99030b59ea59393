"""Pieces of drawn lines: ticks of an axis, ends of long brackets and sides of boxes look like 1s, corners like 7s.

The network for ink takes the rest of such a line for a rule of the paper, so it is looked for on the picture.

Lengths are in pixels of an `InkMap`.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from digits.pages.around import is_dark, levels, surroundings
from digits.pages.frames import SQUARE, THRESHOLD, Mask, extent
from digits.pages.glyphs import Glyph, Judge, sure_ones, thickness
from digits.pages.locate import InkMap

NARROW = 0.5  # times as wide as high is a piece of a line at most
OFF, OFF_LOW = 0.05, 0.08  # of its height is its ink off a straight or bent stroke, at most; of a low one
ALONG, BESIDE = 0.95, 0.25  # of the ink of a corner is beside the sides of its box: within that share of its length
END = 0.25  # of its height are its head and its foot
AROUND = 1.0  # of a digit's usual height: as far around a glyph is looked
FAR = 0.6  # of it, at least, is what goes on long
DARK = 0.5  # of the contrast of the glyph, at least, has it
BROAD = 2.5  # times as broad as the glyph's strokes are a line and what crosses it, at most
SOFT = 2  # pixels beyond ink may still belong to its strokes
NEAR = 2  # pixels beyond that begins what goes on
LOW, HIGH = 0.7, 1.5  # of the usual height are most digits
CORNER = 0.1  # of it: no further beyond a stroke begins a line that makes a corner with it
UPRIGHT = 0.8  # of it: lower ones that have a corner at one end only are no 1s either, but the first tick of a comb
FEW = 0.1  # of the digits: where more of those touch lines, these are lines of the paper
MANY = 40  # of them are looked at


def without_lines(glyphs: Sequence[Glyph], usual: float, found: InkMap, judge: Judge) -> list[Glyph]:
    """The glyphs of a page that are no narrow pieces of lines, and no corners of frames.

    Args:
        glyphs: everything on the page.
        usual: how high a digit of the page is.
        found: the ink of the page.
        judge: says how likely each is a digit.
    """
    others = [g for g in glyphs if not is_piece(g, usual, found)]
    if len(others) == len(glyphs):
        return others
    wide = [g for g in others if g.width >= NARROW * g.height and LOW * usual <= g.height <= HIGH * usual]
    digits = sure_ones(wide, judge)
    digits = digits[:: 1 + len(digits) // MANY]
    if not digits or sum(goes_on(g, usual, found) for g in digits) > FEW * len(digits):
        return list(glyphs)
    return others


def is_piece(glyph: Glyph, usual: float, found: InkMap) -> bool:
    """Whether a glyph is a narrow piece of a line, or the corner of a frame, from which two lines go on."""
    if is_stroke(glyph, usual):
        return goes_on(glyph, usual, found)
    if not (is_corner(glyph) and goes_on(glyph, usual, found, sideways=False)):
        return False
    return goes_on(*on_its_side(glyph, usual, found), sideways=False)


def is_corner(glyph: Glyph) -> bool:
    """Whether the ink of a glyph is along two sides of its box that meet."""
    y, x = np.nonzero(glyph.ink > THRESHOLD)
    near = BESIDE * max(glyph.ink.shape)
    down, across = ((n - n.min(initial=0), n.max(initial=0) - n) for n in (y, x))
    return any(np.mean(np.minimum(a, b) <= near) > ALONG for a in down for b in across)


def on_its_side(glyph: Glyph, usual: float, found: InkMap) -> tuple[Glyph, float, InkMap]:
    """A glyph and its page with rows and columns exchanged."""
    turned = Glyph(glyph.left, glyph.top, glyph.ink.T, glyph.contact.T, glyph.other)
    return turned, usual, found._replace(ink=found.ink.T, image=found.image.T)


def is_stroke(glyph: Glyph, usual: float) -> bool:
    """Whether a glyph is one narrow upright stroke, straight or bent, as a 1 without a flag is.

    A low one may have a piece of a line at an end.
    """
    y, x = np.nonzero(glyph.ink > THRESHOLD)
    h = len(np.unique(y))
    if h < 3 or glyph.width > NARROW * glyph.height:
        return False
    off = OFF_LOW if glyph.height < UPRIGHT * usual else OFF
    along = 2 * (y - y.mean()) / h
    return bool(np.std(x - np.polyval(np.polyfit(along, x, 2), along)) < off * h)


def goes_on(glyph: Glyph, usual: float, found: InkMap, sideways: bool = True) -> bool:
    """Whether something long that is as dark as a glyph, but was not seen as ink, begins at it.

    At its head or foot, it goes on upwards or downwards: what goes to a side there may be a rule that it stands on, but
    not where it begins at the stroke, as at the corners of a box.

    Args:
        glyph: the glyph.
        usual: how high a digit of the page is.
        found: the ink of the page.
        sideways: whether such corners count.
    """
    wide = round(AROUND * usual)
    own, all_ink, image = surroundings(glyph, found, wide)
    if not own.any():
        return False
    ink = all_ink > THRESHOLD
    stroke, paper = float(np.median(image[own])), levels(ink, image)[1]
    dark = is_dark(image, stroke, paper, DARK)
    loose = ndimage.binary_dilation(dark, SQUARE) & ~ndimage.binary_dilation(ink, SQUARE, SOFT)  # a pencil leaves gaps
    labels, _ = ndimage.label(loose, SQUARE)
    touched = np.where(ndimage.binary_dilation(own, SQUARE, SOFT + NEAR), labels, 0)
    first = min(wide, glyph.top)
    last = first + glyph.height
    thick = BROAD * thickness(glyph)
    for i in np.unique(touched[touched > 0]).tolist():
        rows, columns = extent(labels == i)
        where = (float(np.nonzero(touched == i)[0].mean()) - first) / glyph.height
        beyond = max(first - rows.start, rows.stop - last)
        far = max(beyond, columns.stop - columns.start if END < where < 1 - END else 0)
        if far >= FAR * usual and breadth(labels == i) <= thick:  # glare and shadows are broader
            return True
    if not sideways:
        return False
    reach = round(END * glyph.height)
    ends = [slice(max(0, end - reach), end + reach + 1) for end in (first, last - 1)]
    corners = sum(has_corner(own[end], loose[end], usual, thick) for end in ends)
    return corners == 2 or (corners == 1 and glyph.height < UPRIGHT * usual)


def has_corner(own: Mask, loose: Mask, usual: float, thick: float) -> bool:
    """Whether a line begins at one end of a stroke and goes on to one side.

    Args:
        own: where the stroke is, close around this end, (h, w).
        loose: where lines are, dilated.
        usual: how high a digit of the page is.
        thick: how broad the line is at most.
    """
    sides = np.flatnonzero(own.any(axis=0))
    labels, _ = ndimage.label(loose, SQUARE)
    for i in np.unique(labels[ndimage.binary_dilation(own, SQUARE, SOFT + NEAR) & loose]).tolist():
        columns = np.flatnonzero((labels == i).any(axis=0))
        near, away = sorted((sides[0] - columns[0], columns[-1] - sides[-1]))
        if away >= FAR * usual and near <= CORNER * usual and breadth(labels == i) <= thick:
            return True
    return False


def breadth(line: Mask) -> float:
    """How broad a line is, (h, w), that was dilated."""
    return float(line.sum()) / max(np.ptp(axis) + 1 for axis in np.nonzero(line)) - 2
