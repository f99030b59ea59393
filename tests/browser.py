"""Chromium, and drawing in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.helpers import STROKES

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update"]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, Playwright's; without one the test is skipped."""
    if BROWSER is None:
        pytest.skip("no Chromium is installed")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-sync", *(f"--{flag}" for flag in QUIET)]
        )
        yield browser
        browser.close()


def digit_points(page: Any, digit: str, left: float, top: float, width: float, height: float) -> Any:
    """The strokes of a digit, points in pixels of the window; its corner is in pixels of the paper."""
    box = page.locator("#paper").bounding_box()
    corner = box["x"] + left, box["y"] + top
    return [[(corner[0] + width * x, corner[1] + height * y) for x, y in stroke] for stroke in STROKES[digit]]


def draw(page: Any, digit: str, left: float, top: float, width: float, height: float) -> None:
    """Draw a digit with the mouse."""
    page.evaluate("scrollTo(0, 0)")
    for stroke in digit_points(page, digit, left, top, width, height):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def said(page: Any) -> str:
    """The answer, when it is there."""
    page.wait_for_selector("#answer[aria-busy=false]")
    return page.inner_text("#answer")


def says(page: Any, text: str) -> bool:
    """Whether the answer is, or soon becomes, one that begins like this: touches and files take a moment to arrive."""
    for _ in range(300):
        if said(page).startswith(text):
            return True
        page.wait_for_timeout(100)
    return False
