"""In which order digits are read: lines, numbers, the rows and columns of a table.

Boxes are (N, 4): top, left, bottom, right.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]

STEEPEST = 12.0  # degrees
SPREADS = (-9, -6, -3, 0, 3, 6, 9)  # degrees between lines in the middle of a page and those at its foot
RARE = 2.5  # by that share a radian are neighbours less credible, the more lines spread
MANY = 4000  # pairs of neighbours are looked at
ENOUGH = 8  # of what a page has show how it is bent
ASIDE = 0.3  # of a digit's height: neighbours in a line are further apart
TILTED = 6.0, 0.35, 0.15  # of it, at most: how far apart neighbours are, their slope, and how far one is above it
BENT = 7.0, 0.0, 2.0  # the same, once the page's tilt is taken out
VOTE, LIKELY = 0.06, 0.1  # radians by which a neighbour's slope is off a tilt, and by that share steep ones are rarer
OFF = 0.25  # of a digit's height: a neighbour on a bent page is usually no further above or below
ROUNDS, RIDGE = 6, 0.03
TOGETHER = 0.7  # of a digit's height: gaps up to it are within a number, where a page does not show its own limit
LIMITS = (0.3, 1.01, 0.05)  # from, to and in steps of which it is looked for
GAPS = (-0.2, 1.5)  # what is less or more says no more
APART, APART_ALONE = 2.0, 3.0  # so clear is a limit at least; and where a single gap is on one side of it
IN_LINE, SAME = 0.65, 0.5  # of a digit's height: what is nearer stands in a line, and lines that are nearer are one
OVERLAP = 0.15  # of its width may a number reach into the column before it
WIDER = 0.3  # of a digit's height are gaps between numbers wider, on average
FEW = 3  # gaps at least are of two sorts
LOW, HIGH, NARROW = 0.6, 1.3, 0.3  # of a digit's usual height, and of its own: what is beyond is rather a mark


class Place(NamedTuple):
    """Where something stands among the rest: its line, its number in the line, and its column, -1 without a table."""

    which: int
    line: int
    number: int
    column: int


def reading_order(boxes: Boxes, usual: float) -> list[Place]:
    """Order boxes line by line, each from left to right; lines may be tilted by up to 10°, and bent."""
    if not len(boxes):
        return []
    middle = np.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]]) / 2
    slope, spread = tilt(middle, usual)
    y, x = straightened(middle, slope, spread, usual), middle[1]
    lines = find_lines(x, y, usual)
    starts, stops = boxes[:, 1] + slope * y, boxes[:, 3] + slope * y  # columns are tilted as lines are
    known = may_be_digits(boxes, usual)
    pairs = [(a, b) for line in lines for a, b in pairwise(line) if known[a] and known[b]]
    limit = usual * widest_inside([(boxes[b, 1] - boxes[a, 3]) / usual for a, b in pairs])
    numbers = [find_numbers(line, boxes, limit) for line in lines]
    columns = find_columns([[(starts[n].min(), stops[n].max()) for n in line] for line in numbers])
    places = []
    for i, line in enumerate(numbers):
        for k, number in enumerate(line):
            places += [Place(int(j), i, k, columns[i][k] if columns else -1) for j in number]
    return places


def tilt(middle: NDArray[np.float64], usual: float) -> tuple[float, float]:
    """By how many rows a line falls in each column, as it is between most neighbours.

    Args:
        middle: rows and columns, (2, N).
        usual: how high a digit of the page is.

    Returns:
        In the middle of the page, and how much more from there to its foot: lines spread out on a page that is seen
        from a side.
    """
    y, x = middle
    i, j, right, down = (n[:: 1 + len(n) // MANY] for n in neighbours(y, x, usual, *TILTED))
    if len(i) < 2:
        return 0.0, 0.0
    angles, weights = np.arctan2(down, right), np.sqrt(right)
    tried = np.radians(np.arange(-STEEPEST, STEEPEST + 0.1, 0.5))
    below = from_middle(y)
    place = (below[i] + below[j]) / 2
    spreads = np.radians(SPREADS if len(y) >= ENOUGH else (0,))
    off = tried[:, None] + spreads[:, None, None] * place - angles
    votes = (weights * np.exp(-((off / VOTE) ** 2))).sum(axis=2)
    votes *= (1 - RARE * np.abs(spreads[:, None])) * (1.02 - LIKELY * np.abs(tried))
    spread, slope = np.unravel_index(votes.argmax(), votes.shape)
    return float(np.tan(tried[slope])), float(np.tan(spreads[spread]))


def neighbours(
    y: NDArray[np.float64], x: NDArray[np.float64], usual: float, reach: float, slope: float, level: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs of places that may be neighbours in a line: which is left, which right, how far right and below it is.

    Args:
        y: rows of the places, (N,).
        x: their columns.
        usual: how high a digit of the page is: the unit of distances, also of those returned, each (P,).
        reach: so far apart they are at most.
        slope: so steep is the line between them at most, but for `level`.
        level: so far one may be above the other, however near they are.
    """
    right, down = ((n[None] - n[:, None]) / usual for n in (x, y))
    near = (right > ASIDE) & (right < reach) & (np.abs(down) < slope * right + level)
    i, j = np.nonzero(near)
    return i, j, right[near], down[near]


def from_middle(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far below the middle of a page rows are, (N,): from -1, its head, to 1, its foot."""
    return 2 * (y - y.min()) / max(float(np.ptp(y)), 1.0) - 1


def straightened(middle: NDArray[np.float64], slope: float, spread: float, usual: float) -> NDArray[np.float64]:
    """The rows of middles, (2, N), as they would be on a flat page that is seen from above, (N,).

    How far neighbours in a line lie above each other is fitted by a polynomial of the place on the page, by weighted
    least squares, a few times over: what it does not explain is rather a neighbour in another line.

    Args:
        middle: rows and columns.
        slope: of most lines, in the middle of the page; see `tilt`.
        spread: how much more it is at its foot.
        usual: how high a digit of the page is.
    """
    y, x = middle
    level = y - slope * x - spread * from_middle(y) * (x - x.mean())
    if len(x) < ENOUGH:
        return level
    v, u = (middle - middle.mean(axis=1, keepdims=True)) / max(float(np.ptp(middle)), 1.0)
    terms = np.stack([u, u**2, u**3, u * v, u**2 * v, u**3 * v, u * v**2], axis=1)
    i, j, right, down = neighbours(level, x, usual, *BENT)
    change, fitted = terms[j] - terms[i], np.zeros(terms.shape[1])
    for _ in range(ROUNDS):
        weights = np.exp(-(((down - change @ fitted) / OFF) ** 2) / right) / right
        weighted = change.T * weights
        fitted = np.linalg.solve(weighted @ change + RIDGE * np.eye(len(fitted)), weighted @ down)
    return level - usual * (terms @ fitted)


def find_lines(x: NDArray[np.float64], y: NDArray[np.float64], usual: float) -> list[list[int]]:
    """Which boxes stand in a line, from their middles on the straightened page; lines from top to bottom."""
    lines: list[list[int]] = []
    for i in np.argsort(x, kind="stable"):
        last = [abs(y[line[-3:]].mean() - y[i]) for line in lines]
        if last and min(last) < IN_LINE * usual:
            lines[int(np.argmin(last))].append(int(i))
        else:
            lines.append([int(i)])
    lines.sort(key=lambda line: float(y[line].mean()))
    merged = lines[:1]
    for line in lines[1:]:  # parts of a line that were found from different sides
        if abs(y[line].mean() - y[merged[-1]].mean()) < SAME * usual:
            merged[-1] = sorted(merged[-1] + line, key=lambda i: x[i])
        else:
            merged.append(line)
    return merged


def find_numbers(line: list[int], boxes: Boxes, limit: float) -> list[list[int]]:
    """What of a line stands together: no gap is above the limit."""
    numbers = [[line[0]]]
    for a, b in pairwise(line):
        if boxes[b, 1] - boxes[a, 3] > limit:
            numbers.append([])
        numbers[-1].append(b)
    return numbers


def may_be_digits(boxes: Boxes, usual: float) -> NDArray[np.bool_]:
    """Which boxes have the form of a digit that is no 1, (N,): around marks and 1s, gaps are of other widths."""
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return (heights >= LOW * usual) & (heights <= HIGH * usual) & (widths >= NARROW * heights)


def widest_inside(all_gaps: Sequence[float]) -> float:
    """The widest gap within a number, where those of a page are of two sorts: the limit between that fits them best.

    It fits as well as the means of both sorts are apart, in standard deviations (Fisher, 1936).

    Args:
        all_gaps: between digits of all lines, as shares of their height.
    """
    best, limit = APART, TOGETHER
    widths = np.clip(all_gaps, *GAPS)
    for tried in np.arange(*LIMITS):
        within, between = widths[widths <= tried], widths[widths > tried]
        rarer = min(len(within), len(between))
        if rarer and len(widths) >= FEW and (wider := between.mean() - within.mean()) >= WIDER:
            apart = wider / (within.std() + between.std() + 0.05)
            if apart > best and (rarer > 1 or apart > APART_ALONE):
                best, limit = apart, float(tried)
    return limit


def find_columns(lines: list[list[tuple[float, float]]]) -> list[list[int]] | None:
    """The column of each number of a table, from where numbers start and stop; None where there is no table."""
    spans = sorted(span for line in lines for span in line)
    columns: list[float] = []  # where each ends
    for start, stop in spans:
        if columns and start < columns[-1] - OVERLAP * (stop - start):
            columns[-1] = max(columns[-1], stop)
        else:
            columns.append(stop)
    if len(lines) < 2 or len(columns) < 2:
        return None
    places = [[int(np.searchsorted(columns, (start + stop) / 2)) for start, stop in line] for line in lines]
    distinct = all(len(set(line)) == len(line) for line in places)
    return places if distinct else None
