"""Strokes of photographed grass are no 1s, and 1s that somebody wrote are."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits.pages.page import prepare_several
from digits.pages.photo import prepare_one
from digits.pages.textures import strokes_of_texture
from tests.helpers import written

GRASS, ROWS = (30, 40, 60, 80, 120, 50), (60, 62, 58, 65, 60, 61)


def form(digit: str) -> np.ndarray:
    return prepare_one(np.asarray(written(digit), np.float32))[0]


@pytest.mark.parametrize(
    ("others", "heights", "are_strokes"),
    [
        ("", GRASS, True),
        ("", ROWS, False),
        ("", GRASS[:3], False),  # too few to tell
        ("34", GRASS, True),
        ("3467809", GRASS, False),  # numbers, of which some are written large
    ],
)
def test_1s_of_all_sizes_are_strokes_where_little_else_is_read(
    others: str, heights: tuple[int, ...], are_strokes: bool
) -> None:
    forms = [form("1")] * len(heights) + [form(one) for one in others]
    strokes = strokes_of_texture(forms, [*heights, *[60] * len(others)])
    assert strokes.tolist() == [are_strokes] * len(heights) + [False] * len(others)


def test_a_page_without_digits() -> None:
    assert strokes_of_texture([], []).tolist() == []


def page(heights: tuple[int, ...]) -> Image.Image:
    """1s in two rows."""
    image = Image.new("L", (480, 400), 225)
    for i, height in enumerate(heights):
        x, y = 80 + i % 3 * 140, 170 + i // 3 * 190
        ImageDraw.Draw(image).line([(x - 6, y - height), (x, y - height - 8), (x, y)], fill=30, width=6, joint="curve")
    return image


@pytest.mark.parametrize(("heights", "mark"), [(GRASS, "?"), (ROWS, "")])
def test_strokes_are_found_but_not_read(heights: tuple[int, ...], mark: str) -> None:
    found = prepare_several(page(heights))
    assert [place.mark for *_, place in found] == [mark] * 6
    assert [bool(note) for _, note, _ in found] == [bool(mark)] * 6
