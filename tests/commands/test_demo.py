"""The page is drawn on in headless Chromium, by the browser's own mouse, touch and keyboard events."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser import digit_points, draw, said, says


@pytest.mark.slow
def test_digits_are_read_as_they_are_drawn_however_small(page: Any) -> None:
    for width, height in ((180, 300), (30, 45)):
        right = 0
        for digit in "0123456789":
            page.keyboard.press("Escape")
            draw(page, digit, 100, 50, width, height)
            right += said(page) == digit
            assert page.locator("#likeliest .row").count() == 3
        assert right == 10


@pytest.mark.slow
def test_numbers_lines_points_and_digits_that_touch_are_read(page: Any) -> None:
    page.click("#clear")
    for i, digit in enumerate("274"):
        draw(page, digit, 10 + 115 * i, 30, 100, 150)
    assert says(page, "274")
    for i, digit in enumerate("15"):
        draw(page, digit, 40 + 115 * i, 230, 100, 150)
    assert says(page, "274\n15")
    page.keyboard.press("Control+z")
    assert says(page, "274\n1")
    page.keyboard.press("Delete")
    for i, digit in enumerate("274"):
        draw(page, digit, 30 + 78 * i, 30, 110, 150)  # their boxes overlap
    assert says(page, "274")
    page.keyboard.press("Escape")
    draw(page, "7", 20, 60, 110, 200)
    box = page.locator("#paper").bounding_box()
    page.touchscreen.tap(box["x"] + 150, box["y"] + 255)
    draw(page, "5", 190, 60, 110, 200)
    assert says(page, "7.5")
    page.click("#clear")
    page.touchscreen.tap(box["x"] + 150, box["y"] + 255)
    assert says(page, "·")
    assert page.inner_text("#remark") == "A mark, but no digit"


def draw_by_finger(page: Any, digit: str) -> None:
    """Draw a digit by a finger, which is faster than any person's."""
    session = page.context.new_cdp_session(page)
    for stroke in digit_points(page, digit, 100, 50, 180, 300):
        for kind, (x, y) in [("touchStart", stroke[0]), *(("touchMove", point) for point in stroke[1:])]:
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.slow
def test_a_finger_draws(page: Any) -> None:
    page.click("#clear")
    draw_by_finger(page, "4")
    assert says(page, "4")


@pytest.mark.slow
def test_a_tap_right_after_a_stroke_counts(page: Any) -> None:
    page.click("#clear")
    draw_by_finger(page, "3")
    page.locator("#undo").tap()
    assert page.evaluate("paper.strokes.length") == 0


@pytest.mark.slow
def test_a_stroke_that_is_taken_back_while_it_is_drawn_ends(page: Any) -> None:
    page.click("#clear")
    draw(page, "1", 40, 40, 20, 150)
    box = page.locator("#paper").bounding_box()
    for key, left in (("Control+z", 1), ("Escape", 0)):
        page.mouse.move(box["x"] + 150, box["y"] + 50)
        page.mouse.down()
        page.keyboard.press(key)
        page.mouse.move(box["x"] + 300, box["y"] + 250)
        page.mouse.up()
        assert page.evaluate("paper.strokes.filter((stroke) => stroke.every(([x]) => x < 100)).length") == left
        assert page.evaluate("paper.strokes.length") == left
    assert page.errors == []


def save_a_3_as_8(page: Any) -> None:
    page.click("#clear")
    draw(page, "3", 100, 50, 180, 300)
    assert said(page) == "3"
    page.locator("#labels button", has_text="8").click()
    page.wait_for_selector("#saved code")


@pytest.mark.slow
def test_what_can_no_longer_be_taken_back_is_said(page: Any) -> None:
    save_a_3_as_8(page)
    page.evaluate("backend.forget(document.querySelector('#saved p').textContent.match(/8.[0-9a-f]+.png/)[0])")
    page.click("#saved button")
    page.wait_for_selector("#saved:has-text('there is no such drawing')")
    page.errors.clear()  # Chromium's own, of the status


@pytest.mark.slow
def test_a_tap_saves_what_it_was_and_another_takes_it_back(page: Any) -> None:
    save_a_3_as_8(page)
    assert "digits fit --init_from pretrained --data ImageDataModule --data.path my_digits/" in page.inner_text(
        "#saved"
    )
    (saved,) = (page.folder / "my_digits").rglob("*.png")
    assert saved.parent.name == "8"
    with Image.open(saved) as picture:
        assert np.asarray(picture).mean() > 200  # dark on light
    page.click("#saved button")
    page.wait_for_selector("#saved:has-text('Not saved')")
    assert not saved.exists()


@pytest.mark.slow
def test_after_a_drawing_is_saved_the_next_stroke_begins_another(page: Any) -> None:
    page.click("#clear")
    draw(page, "3", 10, 50, 100, 200)
    assert said(page) == "3"
    page.locator("#labels button", has_text="3").click()
    draw(page, "7", 200, 50, 100, 200)
    assert says(page, "7")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")  # what had made way for it
    assert says(page, "3")
    draw(page, "7", 200, 50, 100, 200)
    assert says(page, "37")
    page.locator("#labels button", has_text="7").click()  # the 3 is not saved
    page.wait_for_selector("#saved code")
    draw(page, "1", 330, 50, 30, 200)
    assert says(page, "371")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    assert says(page, "371")
    for saved in (page.folder / "my_digits").rglob("*.png"):
        saved.unlink()


@pytest.mark.slow
def test_a_button_trains_on_the_drawings_and_the_new_network_answers(page: Any) -> None:
    for digit in "37":
        page.click("#clear")
        draw(page, digit, 100, 50, 180, 300)
        assert said(page) == digit
        page.locator("#labels button", has_text=digit).click()
        page.wait_for_selector("#saved code")
    page.click("#train")
    page.wait_for_selector("#progress:visible")
    assert page.is_disabled("#train")
    other = page.context.new_page()  # which cannot train, too, but follows
    other.goto(page.url)
    other.wait_for_selector("#stop:visible")
    assert other.evaluate("begin().then((state) => state.running)")
    other.close()
    page.bring_to_front()
    page.click("#trained button", timeout=600_000)
    assert page.input_value("#network") == "fine_tuned/version_0"
    assert says(page, "7")
    assert "After: " in page.inner_text("#trained")
    assert not page.is_visible("#progress")


@pytest.mark.slow
def test_every_control_is_reached_by_the_keyboard_and_shows_it(page: Any) -> None:
    page.click("#clear")
    draw(page, "3", 100, 50, 180, 300)
    assert said(page) == "3"
    reached = []
    for _ in range(19):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) != "none", reached[-1]
        if reached[-1] == "Inside the network":
            break
    assert set(reached) >= {"undo", "photo", "network", "All classes", "Inside the network", *"0123456789"}


@pytest.mark.slow
def test_the_inside_is_shown_and_ten_rows_on_request(page: Any) -> None:
    page.click("#clear")
    draw(page, "3", 100, 50, 180, 300)
    assert said(page) == "3"
    seen = "(id) => new Set(document.getElementById(id).getContext('2d').getImageData(0, 0, 28, 28).data).size"
    for canvas in ("seen", "looked", "maps"):
        assert page.evaluate(seen, canvas) > 10
    assert not page.is_visible("#all .row")
    page.click("#all summary")
    assert page.locator("#all .row").count() == 10
    page.click("#all summary")


@pytest.mark.slow
def test_a_phone_shows_the_whole_width_nothing_is_from_elsewhere_and_no_error_is_logged(page: Any) -> None:
    assert {url.split("/")[2].split(":")[0] for url in page.asked if url.startswith("http")} == {"127.0.0.1"}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#paper").bounding_box()
    assert box["width"] == 390
    assert box["height"] >= 0.49 * 844
    assert page.errors == []
