"""The order in which digits are read."""

import numpy as np
import pytest

from digits.pages.layout import reading_order, tilt


def boxes_of(rows: int, columns: int, apart: tuple[int, int], angle: float = 0.0, size: int = 20) -> np.ndarray:
    """Boxes in rows and columns, the page turned by `angle` degrees; in reading order."""
    y, x = np.mgrid[:rows, :columns].reshape(2, -1) * np.array(apart)[:, None]
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    y, x = c * y + s * x, c * x - s * y
    return np.stack([y, x, y + size, x + 0.6 * size], axis=1)


@pytest.mark.parametrize("angle", [-10, -5, 0, 3, 10])
def test_tilted_lines_are_read_in_order(angle: float) -> None:
    boxes = boxes_of(4, 9, (34, 18), angle)
    assert tilt((boxes[:, :2] + boxes[:, 2:]).T / 2, 20)[0] == pytest.approx(np.tan(np.radians(angle)), abs=0.03)
    shuffled = np.random.default_rng(0).permutation(len(boxes))
    places = reading_order(boxes[shuffled], 20)
    assert [shuffled[place.which] for place in places] == list(range(len(boxes)))
    assert [place.line for place in places] == [i // 9 for i in range(len(boxes))]


@pytest.mark.parametrize("seed", range(4))
def test_a_bent_page_seen_from_a_side_is_read_in_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    boxes = boxes_of(9, 9, (33, 33))[random.random(81) < 0.5]  # a puzzle
    y, x = boxes[:, 0], boxes[:, 1] / boxes[:, 1].max()
    by = 10 * np.sin(3 * x + random.uniform(0, 6)) + random.choice([-0.2, 0.2]) * y * x
    assert [p.which for p in reading_order(boxes + [[1, 0, 1, 0]] * by[:, None], 20)] == list(range(len(boxes)))


@pytest.mark.parametrize("angle", [-6, 0, 6])
def test_columns_may_be_several_digits_apart(angle: float) -> None:
    boxes = boxes_of(4, 3, (30, 100), angle)
    assert [place.which for place in reading_order(boxes, 20)] == list(range(12))


@pytest.mark.parametrize("seed", [1, 6, 17, 24])
def test_digits_out_of_line_stay_in_it(seed: int) -> None:
    boxes = boxes_of(3, 6, (45, 20))
    boxes[:, [0, 2]] += np.random.default_rng(seed).uniform(-6, 6, len(boxes))[:, None]
    assert [place.which for place in reading_order(boxes, 20)] == list(range(18))


def test_what_stands_together_is_one_number() -> None:
    boxes = np.array([[0, x, 20, x + 12] for x in (0, 14, 28, 80, 94)], np.float64)
    assert [place.number for place in reading_order(boxes, 20)] == [0, 0, 0, 1, 1]


def numbers_of(gaps: list[float], lines: int = 1) -> list[int]:
    """How many digits each number of the first line has, with these gaps between digits, as shares of their height."""
    left = 100 * np.cumsum([0, *(0.6 + gap for gap in gaps)])
    boxes = np.array([[150 * i, x, 150 * i + 100, x + 60] for i in range(lines) for x in left])
    places = [place for place in reading_order(boxes, 100) if place.line == 0]
    return [sum(place.number == k for place in places) for k in range(places[-1].number + 1)]


@pytest.mark.parametrize(
    ("gaps", "numbers"),
    [
        ([0.1, 0.15, 0.1, 0.55, 0.1, 0.12], [4, 3]),  # closer than digits of others are within a number
        ([0.1, 0.5, 0.12, 0.45, 0.1], [2, 2, 2]),
        ([0.05, 0.5, 0.1], [2, 2]),
        ([0.5, 0.55, 0.6, 0.5, 0.45], [6]),  # written apart
        ([0.5, 0.55, 0.6, 1.4, 0.45, 0.5], [4, 3]),
        ([0.05, 0.25, 0.1, 0.3, 0.2], [6]),
        ([0.1, 0.8], [2, 1]),
    ],
)
def test_numbers_part_where_the_gaps_of_a_page_are_of_two_sorts(gaps: list[float], numbers: list[int]) -> None:
    assert numbers_of(gaps) == numbers_of(gaps, 3) == numbers


def test_two_gaps_are_too_few_to_tell_two_sorts() -> None:
    assert numbers_of([0.1, 0.55]) == [3]
    assert numbers_of([0.1, 0.55], 3) == [2, 1]


def test_cells_of_a_table_have_columns_even_where_some_are_empty() -> None:
    boxes = boxes_of(3, 4, (40, 60))
    kept = np.delete(np.arange(12), [1, 6, 8])
    places = reading_order(boxes[kept], 20)
    assert [(place.line, place.column) for place in places] == [(i // 4, i % 4) for i in kept]


def test_a_text_has_no_columns() -> None:
    boxes = np.array(
        [[40 * y, x, 40 * y + 20, x + 12] for y, row in enumerate(((0, 50, 90), (20, 70), (33,))) for x in row]
    )
    boxes = np.concatenate([boxes + np.array([0, step, 0, step]) for step in (0, 14, 28)]).astype(np.float64)
    assert {place.column for place in reading_order(boxes, 20)} == {-1}


def test_nothing_has_no_order() -> None:
    assert reading_order(np.empty((0, 4)), 20) == []
