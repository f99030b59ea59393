"""The page is drawn on in headless Chromium, by the browser's own mouse events."""

import shutil
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digits import load
from digits.__main__ import main
from digits.commands.page import read, read_url
from tests.helpers import STROKES, Digits

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Drop a file, given in base64, on the canvas.
DROP = """async (content) => {
  const bytes = await (await fetch("data:image/jpeg;base64," + content)).arrayBuffer();
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "one.jpg", {type: "image/jpeg"}));
  document.querySelector("canvas").dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true}));
}"""


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Any]:
    if BROWSER is None:
        pytest.skip("no Chromium is installed")
    api = pytest.importorskip("playwright.sync_api")
    pytest.importorskip("gradio")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "digits", "demo", "--ckpt_path=pretrained", "--browser=false", f"--port={port}"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "Checkpoint: pretrained\n"
    url = server.stdout.readline().split()[1]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 844})  # a phone's
        tab.asked = []  # addresses
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.goto(url)
        tab.wait_for_selector("canvas")
        yield tab
        browser.close()
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0
    server.stdout.close()


def draw(tab: Any, digit: str, left: float = 0.35, width: float = 0.3) -> None:
    """Draw a digit with the mouse."""
    box = tab.locator("canvas").bounding_box()
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + (left + width * x) * box["width"], box["y"] + (0.15 + 0.7 * y) * box["height"])
            for x, y in stroke
        ]
        tab.mouse.move(*points[0])
        tab.mouse.down()
        for point in points[1:]:
            tab.mouse.move(*point, steps=3)
        tab.mouse.up()


def said(tab: Any) -> str:
    tab.wait_for_selector(".reading[aria-busy=false]")
    return tab.inner_text(".reading")


@pytest.mark.slow
def test_drawn_digits_are_read_without_pressing_a_button(browser_page: Any) -> None:
    right = 0
    for digit in STROKES:
        browser_page.click(".clear")
        assert said(browser_page) == "Draw a digit, or several in a row"
        draw(browser_page, digit)
        right += said(browser_page) == digit
        assert browser_page.locator(".seen img").count() == 1
        assert browser_page.locator(".seen .bar").count() == 10
    assert right >= 9


@pytest.mark.slow
def test_several_digits_in_a_row_are_a_number(browser_page: Any) -> None:
    browser_page.click(".clear")
    for i, digit in enumerate("274"):
        draw(browser_page, digit, left=0.08 + 0.3 * i, width=0.2)
    assert said(browser_page) == "274"
    browser_page.click(".undo")
    browser_page.click(".undo")
    assert said(browser_page) == "27"


@pytest.mark.slow
def test_photos_can_be_dropped_and_broken_files_are_named(browser_page: Any, tmp_path: Path) -> None:
    paper = np.full((300, 300), 220, np.uint8)
    paper[50:250, 140:165] = 30
    Image.fromarray(paper).save(tmp_path / "one.jpg")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    browser_page.set_input_files("input[type=file]", tmp_path / "one.jpg")
    assert said(browser_page) == "1"
    browser_page.click(".clear")
    content = b64encode((tmp_path / "one.jpg").read_bytes()).decode()
    browser_page.evaluate(DROP, content)
    assert said(browser_page) == "1"
    browser_page.set_input_files("input[type=file]", tmp_path / "broken.png")
    assert said(browser_page) == "This file can't be read: not a picture"


@pytest.mark.slow
def test_nothing_comes_from_elsewhere_and_a_phone_shows_the_whole_width(browser_page: Any) -> None:
    assert {url.split("/")[2].split(":")[0] for url in browser_page.asked if url.startswith("http")} == {"127.0.0.1"}
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_the_page_says_without_a_browser(digits: Digits, refused: Digits, tmp_path: Path) -> None:
    network = load("pretrained")
    assert read(network, Image.new("L", (200, 100), "white")) == ("Draw a digit, or several in a row", "")
    assert read(network, Image.new("RGBA", (200, 100)))[0] == "Draw a digit, or several in a row"
    for broken in ("", "data:image/png;base64,", "data:image/png;base64,AAAA", "data:,%%%"):
        assert read_url(network, broken)[0].startswith("This file can't be read")


def test_without_gradio_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"error: the page needs Gradio: pip install 'digits\[demo\]'"):
        main(["demo"])
    monkeypatch.undo()
    with pytest.raises(SystemExit, match=r"error: .*absent\.ckpt: there is no such file"):
        main(["demo", "--ckpt_path=absent.ckpt"])
