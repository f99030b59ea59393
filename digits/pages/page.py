"""From a picture of several digits to each of them in MNIST's form.

Arrays: H rows, W columns of the picture; lengths without a unit are in pixels of the `InkMap`.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.pages.around import contrast, dark_ends, dark_rim
from digits.pages.cuts import apart_low, split_all
from digits.pages.drawings import out_of_circles, without_circles, without_curves
from digits.pages.frames import extent
from digits.pages.glyphs import CLEAR, Glyph, boxes_of, pen_of, sure_ones, thickness, usual_height, without
from digits.pages.grey import to_grey
from digits.pages.joining import join
from digits.pages.judge import judge, remembering
from digits.pages.layout import Place, reading_order
from digits.pages.lines import without_lines
from digits.pages.locate import Grey, InkMap
from digits.pages.look import GOOD, Look, look, look_from
from digits.pages.marks import apart_percents, is_check_mark, name_brackets, name_marks, name_slashes
from digits.pages.photo import SIDE, SOFT, NoDigit, center, resize_to_box
from digits.pages.points import with_points
from digits.pages.sizes import LIKE, by_size
from digits.pages.struck import without_struck
from digits.pages.textures import strokes_of_texture
from digits.pages.turned import quarter_turns, side_turns, turn_back
from digits.pages.words import join_words

LOW, NARROW = 0.6, 0.2  # of a digit's usual height: a digit that is lower is rare, and then not that narrow
GOES_ON = 0.14  # of what is close around a piece of a border is as dark
RUNS_ON = 0.2  # of what is beyond both ends of a narrow piece is
ENDS = 0.05  # of what is around a mark is, at most
SLIVER = 0.8  # of the usual height: what is narrow and lower, and finer than `FINE` of the pen, is a piece of a line
FINE = 0.6
PALE = 0.7  # so clearly ink is a pale digit, at least; see `Glyph.clarity`
FOLD = 0.23  # of the usual contrast of a page: a fold or the edge of a shadow has less, ink mostly half of it or more
MANY_LOW = 0.35  # of all on a page
TINY = 20  # rows of pixels: lower digits are seen badly
ENDING, MANY_ENDS = 0.3, 6  # of the usual height is the end of a line wide; that many of them are no strokes


class DigitBox(NamedTuple):
    """Where a digit, or a mark, stands: its box in pixels of the picture, and its place among the others.

    Args:
        line: from 0.
        left: first column.
        top: first row.
        width: columns.
        height: rows.
        number: which number of the line it is part of, from 0: what stands together is one number.
        column: of the table, from 0; -1 where the page has no table.
        mark: "" for a digit; one of . , - / : for a mark; ? for what is neither.
    """

    line: int
    left: int
    top: int
    width: int
    height: int
    number: int = 0
    column: int = -1
    mark: str = ""


# A digit or a mark in MNIST's form, (28, 28); why it has nothing to predict, or ""; and where it stands.
Content = tuple[NDArray[np.uint8], str, DigitBox]
Named = tuple[Glyph, str, Place, float]  # a glyph, its mark or "", where it stands among the others, and its scale


class Part(NamedTuple):
    """What of a page has one size: glyphs, how high a digit among them is, and the ink in which they were found."""

    glyphs: list[Glyph]
    usual: float
    found: InkMap


NOWHERE = DigitBox(0, 0, 0, 0, 0)
BLANK = np.zeros((SIDE, SIDE), np.uint8)  # the form of what has none


@remembering()
def prepare_several(image: Image.Image, grey: Grey | None = None) -> list[Content]:
    """Cut a picture into its digits, and bring each to MNIST's form.

    A digit is what is connected, with loose parts such as the bar of a 5. What may be several digits that touch is cut
    where the packaged network finds the likeliest digits. A page that lies on its side is turned.

    Args:
        image: the picture.
        grey: its grey levels, (H, W), where they are known.

    Returns:
        For each digit and mark, line by line and from left to right: the image, uint8 (28, 28); why it has nothing to
        predict, or ""; and where it stands.

    Raises:
        NoDigit: the picture is blank.
    """
    grey = to_grey(image) if grey is None else grey
    reduced_by = image.info.get("reduced_by", 1.0)  # when it was read
    best, finest = look(grey)
    turns = quarter_turns(best.glyphs, usual_height(best.glyphs), judge) or side_turns(grey, best, judge)
    if turns:
        grey = np.ascontiguousarray(np.rot90(grey, turns))
        best, finest = look(grey)
    height, width = (round(n * reduced_by) for n in grey.shape)
    digits = []
    for glyph, mark, place, scale in in_one([read_part(*part) for part in in_parts(grey, best, finest)]):
        where = in_pixels(glyph, scale / reduced_by, (height, width))
        where = turn_back(where, turns, (height, width))
        digits.append(in_form(glyph, mark, DigitBox(place.line, *where, place.number, place.column, mark)))
    return without_texture(digits)


def read_part(glyphs: list[Glyph], usual: float, found: InkMap) -> list[Named]:
    """The digits, marks and words among glyphs, of which a digit has the `usual` height, in reading order."""
    glyphs, signs = apart_percents(with_points(glyphs, found, usual), usual)
    glyphs = join(glyphs, usual, judge)
    signs += [g for g in glyphs if g.other < 0.5 and is_check_mark(g)]
    glyphs = without(glyphs, signs)
    named = name_marks(glyphs, usual).items()
    marks = {i: mark for i, mark in named if dark_rim(glyphs[i], found) < ENDS}  # not what is left of a line
    others = out_of_circles([glyph for i, glyph in enumerate(glyphs) if i not in marks], judge)
    others = without_folds(without_specks(others, usual), found)
    others, low = apart_low(others, LOW * usual, judge)
    others = without_pieces(others, usual) + low
    others = without_borders(split_all(others, usual, judge), usual, found)
    others = without_lines(without_circles(others, usual, judge), usual, found, judge)
    others = without_curves(others, usual)
    names = ["" for _ in others] + list(marks.values()) + ["?" for _ in signs]
    glyphs = others + [glyphs[i] for i in marks] + signs
    places = reading_order(boxes_of(glyphs), usual)
    names = name_brackets(glyphs, name_slashes(glyphs, names, places), places)
    seen = without_struck(glyphs, names, places, usual, found)
    return [(*one, found.scale) for one in join_words(seen, names, places, judge)]


def in_parts(grey: Grey, best: Look, finest: Look) -> list[Part]:
    """Part a page, (H, W), by the sizes of its digits; it is looked at once more for rows that are too low."""
    found, glyphs, usual = best.found, best.glyphs, usual_height(best.glyphs)
    times, smaller = finest.found.scale / found.scale, []
    if times > 1:
        _, *rows = by_size(without_ends(finest.glyphs, usual * times, finest.found), usual * times, judge)
        for row, own in rows:
            if own < TINY * times:
                there = Look(finest.found, row)
                again = look_from(grey, finest.found.scale * GOOD / own)
                height = own * again.found.scale / finest.found.scale
                smaller.append(Part(among(again, there, own), height, again.found))
                seen = among(best, there, own)
                glyphs = without(glyphs, seen)
    parts = by_size(without_ends(glyphs, usual, found), usual, judge)
    return [*(Part(some, own, found) for some, own in parts), *smaller]


def among(look: Look, row: Look, own: float) -> list[Glyph]:
    """What of a page stands among digits of this height that were seen at another scale, or close, and is no higher."""
    times = row.found.scale / look.found.scale
    boxes = boxes_of(row.glyphs)

    def is_there(glyph: Glyph) -> bool:
        """Whether a glyph is one of those."""
        center = np.array(glyph.center) * times
        inside = (boxes[:, :2] - own <= center) & (center < boxes[:, 2:] + own)
        return bool(inside.all(axis=1).any()) and glyph.height * times <= LIKE * own

    return [g for g in look.glyphs if is_there(g)]


def in_one(parts: list[list[Named]]) -> list[Named]:
    """The lines of several parts of a page, from top to bottom; with several, there is no table."""
    if len(parts) == 1:
        return parts[0]
    lines: list[tuple[float, list[Named]]] = []
    for part in parts:
        own = [list(line) for _, line in groupby(part, key=lambda one: one[2].line)]
        tops = [float(np.mean([glyph.center[0] / scale for glyph, _, _, scale in line])) for line in own]
        lines += zip(np.maximum.accumulate(tops).tolist(), own, strict=True)  # a short one may lie above its precursor
    lines.sort(key=lambda line: line[0])
    return [
        (glyph, mark, place._replace(line=i, column=-1), scale)
        for i, (_, line) in enumerate(lines)
        for glyph, mark, place, scale in line
    ]


def without_specks(glyphs: list[Glyph], usual: float) -> list[Glyph]:
    """Those that are no dirt, but clearly ink: marks, and strokes almost half as high as a digit.

    A pale digit, which is less clearly ink, is as high as the others, not finer, and the classifier is sure of it. The
    dots of dotted paper that were taken for a broken stroke have less ink than a stroke of one pixel.
    """
    fine = finest(glyphs, usual)
    pale = [g for g in glyphs if g.height >= SLIVER * usual and PALE < g.clarity <= CLEAR and thickness(g) >= fine]
    sure = sure_ones(pale, judge)
    clear = [g for g in glyphs if g.is_clear or any(g is one for one in sure)]
    return [
        g
        for g in clear
        if (g.height >= 0.4 * usual and g.mass >= max(g.ink.shape)) or (g.other >= 0.5 and g.mass >= 0.006 * usual**2)
    ]


def without_ends(glyphs: list[Glyph], usual: float, found: InkMap) -> list[Glyph]:
    """Those that are no ends of a squared or ruled paper's lines: low strokes at the picture's edge, many of them."""
    h, w = found.ink.shape
    at_edge = [g for g in glyphs if min(g.top, g.left, h - g.bottom, w - g.right) <= 1]
    ends = [g for g in at_edge if g.height < SLIVER * usual and min(g.height, g.width) < ENDING * usual]
    return glyphs if len(ends) < MANY_ENDS else without(glyphs, ends)


def without_folds(glyphs: list[Glyph], found: InkMap) -> list[Glyph]:
    """Those that are no folds and edges of shadows: these are much paler than what is written on the page."""
    levels = [contrast(g, found) for g in glyphs]
    palest = FOLD * float(np.median(levels)) if levels else 0.0
    return [g for g, level in zip(glyphs, levels, strict=True) if level >= palest]


def finest(glyphs: list[Glyph], usual: float) -> float:
    """How broad the strokes of a digit are at least, by the pen that wrote the high ones."""
    return FINE * pen_of([g for g in glyphs if g.height >= SLIVER * usual])


def without_pieces(glyphs: list[Glyph], usual: float) -> list[Glyph]:
    """Those that are no pieces of borders and rules: a low digit is rare, not narrow, and the classifier is sure of it.

    What is narrow, low and finer than the pen is a piece of a printed line, whatever the classifier says. Where many
    are low, the page has digits of several sizes.
    """
    fine, wide, tall = finest(glyphs, usual), NARROW * usual, SLIVER * usual
    glyphs = [g for g in glyphs if g.width >= wide or g.height >= tall or thickness(g) >= fine]
    low = [g for g in glyphs if g.other < 0.5 and g.height < LOW * usual]
    return glyphs if len(low) > MANY_LOW * len(glyphs) else without_doubtful(glyphs, low, usual)


def without_borders(glyphs: list[Glyph], usual: float, found: InkMap) -> list[Glyph]:
    """Those that are no pieces of borders: close around these, the border goes on, as dark as they are.

    So it is around digits through which a strong line of the paper goes, or the edge of a shadow: of these, as of low
    ones, the classifier is sure, and they are not narrow. What is narrow and goes on at both ends is no digit: the gap
    between two dark boxes with light digits looks like a 1.
    """
    glyphs = [g for g in glyphs if g.width >= 0.5 * g.height or dark_ends(g, found) < RUNS_ON]
    lined = [g for g in glyphs if g.other < 0.5 and dark_rim(g, found) >= GOES_ON]
    return without_doubtful(glyphs, lined, usual)


def without_doubtful(glyphs: list[Glyph], some: list[Glyph], usual: float) -> list[Glyph]:
    """All but those of `some` that the classifier is not sure of, or that are narrow."""
    kept = [g for g in sure_ones(some, judge) if g.width >= NARROW * usual]
    return without(glyphs, without(some, kept))


def without_texture(digits: list[Content]) -> list[Content]:
    """What was found on a page, of which the strokes of a texture are no digits."""
    which = [i for i, (_, note, _) in enumerate(digits) if not note]
    strokes = strokes_of_texture([digits[i][0] for i in which], [digits[i][2].height for i in which])
    for i in np.array(which)[strokes].tolist():
        digits[i] = (BLANK, "no digit", digits[i][2]._replace(mark="?"))
    return digits


def in_form(glyph: Glyph, mark: str, box: DigitBox) -> Content:
    """A glyph in MNIST's form, or why it has none."""
    if mark:
        return BLANK, "no digit" if mark == "?" else f"no digit: the mark {mark}", box
    try:
        return center(resize_to_box(glyph.ink)), "", box
    except NoDigit as error:
        return BLANK, str(error), box._replace(mark="?")


def in_pixels(glyph: Glyph, scale: float, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Left, top, width and height in pixels of the picture, (H, W)."""
    rows, columns = extent(glyph.ink > SOFT)
    top, bottom = glyph.top + rows.start, glyph.top + rows.stop
    left, right = glyph.left + columns.start, glyph.left + columns.stop
    y, x = int(top / scale), int(left / scale)
    return x, y, max(1, min(round(right / scale), shape[1]) - x), max(1, min(round(bottom / scale), shape[0]) - y)
