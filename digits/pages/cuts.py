"""Touching digits: several cuts are proposed, and the likeliest sequence of digits wins.

Dynamic programming over cuts, as in reading cheques: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning
applied to document recognition" (1998). The weights of what counts were fitted on 282 groups of digits that touch, and
2,301 wide single ones, on made pages of MNIST's training digits, so that the right digits are the likeliest.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from digits.pages.frames import SQUARE, THRESHOLD, Mask, extent
from digits.pages.glyphs import LETTER, SURE, Glyph, Judge, sure_ones, without

SLANTS = (-0.4, -0.2, 0.0, 0.2, 0.4)
CUTS = 7  # proposed on the length of a digit's height
MOST_CUTS = 20
MOST_PIECES = 600  # of a page
WIDEST = 1.6  # of a digit, as a share of its height
HIGHEST = 4.0  # times the usual height: what is higher is a drawing, not digits that touch, and takes long to cut
PAIR = 0.8  # of its height is a low glyph wide that may be several digits, at least
ALIKE = 0.7  # of its height are these, at least; the two halves of a plus are not
SURELY = 0.9999  # beyond that, it does not matter how sure the classifier is
DOUBTED = -8.0  # and below this, how much it doubts
HOPELESS = -4.0  # what has such a form is no digit, whatever the classifier says, which is not asked then


def may_touch(glyph: Glyph, usual: float, likely: float) -> bool:
    """Whether a glyph may be several digits: it is wide, or not `likely` one digit as a whole, and no clear letter.

    What is much higher than a digit is none.
    """
    if glyph.other >= LETTER or glyph.height > HIGHEST * usual:
        return False
    wide = glyph.width / max(glyph.height, 0.8 * usual)
    return glyph.width >= 0.5 * usual and (wide > 1.1 or (wide > 0.55 and likely < 0.99))


def split_all(glyphs: Sequence[Glyph], usual: float, judge: Judge) -> list[Glyph]:
    """All glyphs, those that may be several digits cut into the likeliest ones.

    The judge is asked about all glyphs, and then about at most `MOST_PIECES` pieces, first of what is least likely one
    digit: on a page of scribbles the rest stays whole.
    """
    plans, asked = {}, 0
    whole = judge([glyph.ink for glyph in glyphs])
    for i in sorted(range(len(glyphs)), key=lambda i: whole[i]):
        if may_touch(glyphs[i], usual, float(whole[i])):
            plan = Plan(glyphs[i], usual)
            asked += len(plan.ways)
            if asked > MOST_PIECES:
                break
            plans[i] = plan
    pieces = [way.piece.ink for plan in plans.values() for way in plan.ways]
    likely = iter(judge(pieces))
    chosen = {i: plan.best([float(next(likely)) for _ in plan.ways]) for i, plan in plans.items()}
    return [part for i, glyph in enumerate(glyphs) for part in chosen.get(i, [glyph])]


def apart_low(glyphs: Sequence[Glyph], high: float, judge: Judge) -> tuple[list[Glyph], list[Glyph]]:
    """Part glyphs into all but low ones that are digits that touch, such as a small 19, and these digits.

    Args:
        glyphs: everything on the page.
        high: what is lower is a piece of a border, unless the judge is sure of it.
        judge: says how likely each is a digit.
    """
    low = [g for g in glyphs if g.other < 0.5 and g.height < high and g.width > PAIR * g.height]
    wholes, digits = [], []
    for glyph in without(low, sure_ones(low, judge)):
        pieces = split_all([glyph], glyph.height, judge)
        alike = min((g.height for g in pieces), default=0) >= ALIKE * glyph.height
        if len(pieces) > 1 and alike and judge([g.ink for g in pieces]).min() >= SURE:
            wholes.append(glyph)
            digits += pieces
    return without([*glyphs], wholes), digits


class Way(NamedTuple):
    """A piece of a glyph that may be one digit: what lies between two cuts.

    Args:
        start: number of the left cut, from 1; 0 is the left end of the glyph.
        end: of the right one; one more than there are cuts is the right end.
        piece: its ink, and where it stands.
        form: see `shape`.
    """

    start: int
    end: int
    piece: Glyph
    form: float


class Plan:
    """How a glyph may be cut.

    Args:
        glyph: what may be several digits.
        usual: how high a digit of the page is.
    """

    def __init__(self, glyph: Glyph, usual: float) -> None:
        self.cuts = propose(glyph, usual)
        n, whole = len(self.cuts) + 1, np.ones_like(glyph.ink, bool)
        right_of = [whole, *(cut.right_side(glyph.ink.shape) for cut in self.cuts), ~whole]
        at = [0.0, *(cut.x for cut in self.cuts), float(glyph.width)]
        widest = WIDEST * max(glyph.height, usual)
        spans = [(i, j) for j in range(1, n + 1) for i in range(j) if at[j] - at[i] <= widest or (i, j) == (0, n)]
        pieces = [piece(glyph, right_of[i] & ~right_of[j]) for i, j in spans]
        ways = [Way(*span, part, shape(part, usual)) for span, part in zip(spans, pieces, strict=True)]
        self.ways = [way for way in ways if way.form > HOPELESS or (way.start, way.end) == (0, n)]

    def best(self, likely: Sequence[float]) -> list[Glyph]:
        """The likeliest digits from left to right, from how likely the piece of each way is a digit."""
        inside = [1.5 * math.log1p(-cut.likely) for cut in self.cuts]
        ends = [*(math.log(cut.likely) for cut in self.cuts), 0.0]
        best: list[tuple[float, list[Glyph]]] = [(0.0, []), *((-math.inf, []) for _ in ends)]
        for way, p in zip(self.ways, likely, strict=True):  # by their ends, so that what is before them is known
            before, pieces = best[way.start]
            total = before + evidence(p) + way.form + sum(inside[way.start : way.end - 1]) + ends[way.end - 1]
            if total > best[way.end][0]:
                best[way.end] = (total, [*pieces, way.piece])
        return sorted((p for p in best[-1][1] if p.mass > 0), key=lambda p: p.left)


class Cut(NamedTuple):
    """A straight cut.

    Args:
        x: its column at half the height.
        slant: how many columns it goes to the left in a row.
        likely: how likely two digits touch there, from what the ink network sees alone.
    """

    x: float
    slant: float
    likely: float

    def right_side(self, shape: tuple[int, int]) -> Mask:
        """Which pixels lie on the cut or to the right of it."""
        y, x = np.ogrid[: shape[0], : shape[1]]
        return (x - (self.x - self.slant * (y - shape[0] / 2))).astype(np.float32) >= 0


def propose(glyph: Glyph, usual: float) -> list[Cut]:
    """Cuts where contacts are seen, or where the ink is thin, from left to right."""
    h, w = glyph.ink.shape
    candidates = []
    most = min(MOST_CUTS, max(4, round(CUTS * w / usual)))
    for slant in SLANTS:
        y, x = np.arange(h), np.arange(0.12 * h, w - 0.12 * h, max(1.0, h / 32))
        columns = np.clip(np.round(x[:, None] - slant * (y[None] - h / 2)), 0, w - 1).astype(int)  # (cuts, h)
        crossed, seen = glyph.ink[y, columns], glyph.contact[y, columns]
        length = crossed.sum(1) / h
        share = (crossed * seen).sum(1) / np.maximum(crossed.sum(1), 0.5)
        cost = length * (1 - 0.9 * np.minimum(share, 1)) + 0.02 * abs(slant)
        candidates += [(c, xi, slant, s, le) for c, xi, s, le in zip(cost, x, share, length, strict=True)]
    chosen: list[Cut] = []
    for _, x_, slant, share_, length_ in sorted(candidates):
        if len(chosen) == most or length_ > 0.6:
            break
        if all(abs(x_ - cut.x) > 0.1 * min(h, usual) for cut in chosen):
            chosen.append(Cut(x_, slant, float(np.clip(0.05 + 0.5 * share_ - 0.1 * length_, 0.02, 0.3))))
    return sorted(chosen, key=lambda cut: cut.x)


def piece(glyph: Glyph, where: Mask) -> Glyph:
    """The ink of a glyph between two cuts, `where`, without small pieces of the neighbours."""
    ink = np.where(where, glyph.ink, 0)
    labels, n = ndimage.label(ink > THRESHOLD, SQUARE)
    if n == 0:
        return Glyph(glyph.top, glyph.left, np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32), glyph.other)
    areas = np.bincount(labels.ravel())
    areas[0] = 0  # the paper
    kept = (areas >= 0.12 * areas.max())[labels]
    ink = np.where(ndimage.binary_dilation(kept, SQUARE), ink, 0)
    return glyph.part(extent(kept), ink)


def evidence(p: float) -> float:
    """How well a piece is explained as a digit that it is with the probability `p`, as a logarithm, 0 at best.

    Of two digits that touch, the classifier is often 99% sure that they are one; of what is no digit, it still gives a
    tenth to some class, and that it is several digits shows by these being sure, not by how doubtful it is.
    """
    return max(DOUBTED, 2.5 * math.log(max(p, 1e-9)) - 0.5 * math.log(max(1 - p, 1 - SURELY) / (1 - SURELY)))


def shape(piece: Glyph, usual: float) -> float:
    """How usual the form of a piece is for a digit, as a logarithm, 0 at best."""
    low = max(0.0, 0.6 - piece.height / usual)
    wide = max(0.0, piece.width / max(piece.height, 0.7 * usual) - 0.95)
    return -24 * low - 4.5 * wide
