"""The scale at which a page is looked at."""

import numpy as np
import pytest
from PIL import Image

from digits.pages import look
from digits.pages.glyphs import find_glyphs
from digits.pages.locate import InkMap
from digits.pages.page import prepare_several
from tests.helpers import seven


def test_the_digits_of_a_long_strip_are_found() -> None:
    digits, apart = 40, 60
    strip = Image.new("L", (apart * digits, 70), 235)
    for i in range(digits):
        strip.paste(seven(44, pen=4), (apart * i + 8, 13))
    assert sum(not note for _, note, _ in prepare_several(strip)) == digits


def test_digits_that_are_small_at_every_scale_are_found() -> None:
    paper = Image.new("L", (1600, 1600), 215)
    for i in range(25):
        paper.paste(seven(26, pen=2), (400 + 44 * (i % 5), 400 + 44 * (i // 5)))
    shade = np.linspace(1, 0.5, 1600)[:, None]
    page = Image.fromarray((np.asarray(paper) * shade).astype(np.uint8))
    assert sum(not note for _, note, _ in prepare_several(page)) == 25


def test_what_the_classifier_doubts_hardly_counts_where_a_scale_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    ink = np.zeros((100, 200), np.float32)
    ink[20:80, 20:60] = 1  # a shadow, seen from afar
    ink[30:70, 100:110] = ink[30:70, 130:140] = 1
    found = InkMap(ink, 0 * ink, 0 * ink, 1.0, 1 - ink)
    shadow, *digits = find_glyphs(found)
    monkeypatch.setattr(look, "judge", lambda pieces: np.array([0.1 if p.shape[1] > 20 else 1.0 for p in pieces]))
    assert (
        0
        < look.fitting_ink(look.Look(found, [shadow]), 14)
        < look.fitting_ink(look.Look(found, digits), 14)
        < shadow.mass
    )
    assert look.fitting_ink(look.Look(found, []), 14) == 0
