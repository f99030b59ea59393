"""Photos on the page, dropped, read and drawn on, in headless Chromium."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser import draw, says
from tests.helpers import written

# Drop files, given in base64, on the paper.
DROP = """async (contents) => {
  const dataTransfer = new DataTransfer();
  for (const bytes of contents.map((content) => Uint8Array.from(atob(content), (c) => c.charCodeAt(0))))
    dataTransfer.items.add(new File([bytes], "one.jpg", {type: "image/jpeg"}));
  document.getElementById("paper").dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true}));
}"""


@pytest.mark.slow
def test_photos_can_be_dropped_and_drawn_on_and_broken_files_are_named(page: Any, tmp_path: Path) -> None:
    paper = np.full((300, 400), 220, np.uint8)
    paper[50:250, 120:140] = 30
    Image.fromarray(paper).save(tmp_path / "one.jpg")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    page.set_input_files("#file", tmp_path / "one.jpg")
    assert says(page, "1")
    page.click("#clear")
    page.evaluate(DROP, [b64encode((tmp_path / "one.jpg").read_bytes()).decode()] * 3)
    assert says(page, "1")
    assert page.inner_text("#remark") == "Only the first of 3 pictures is read"
    draw(page, "7", 230, 110, 100, 190)
    assert says(page, "17")
    page.set_input_files("#file", tmp_path / "broken.png")
    assert says(page, "This file can't be read: not a picture")


@pytest.mark.slow
@pytest.mark.parametrize("ink", ["black", "white"])
def test_a_photo_without_paper_gets_one_that_its_ink_shows_on(page: Any, tmp_path: Path, ink: str) -> None:
    clear = Image.new("L", (390, 390), ink)
    clear.putalpha(written("7", 390).point(lambda level: 255 - level))
    clear.save(tmp_path / "7.png")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(DROP, [b64encode((tmp_path / "7.png").read_bytes()).decode()])
        assert says(page, "7")
        draw(page, "1", 300, 60, 20, 250)
        assert says(page, "71")
        shown = Image.open(BytesIO(page.locator("#paper").screenshot())).convert("L")
        halves = [np.asarray(shown.crop(box)) for box in ((0, 20, 290, 400), (290, 20, 390, 400))]
        assert all(np.ptp(half) > 150 for half in halves)
    page.emulate_media(color_scheme="light")


@pytest.mark.slow
def test_no_former_answer_stands_beside_a_photo_that_is_being_read(page: Any, tmp_path: Path) -> None:
    for digit in "17":
        written(digit).save(tmp_path / f"{digit}.png")
    page.set_input_files("#file", tmp_path / "7.png")
    assert says(page, "7")
    page.evaluate("""() => {
      const read = backend.readPicture;
      backend.readPicture = async (file) => {
        await new Promise((resolve) => { window.goOn = resolve; });
        return read.call(backend, file);
      };
    }""")
    page.set_input_files("#file", tmp_path / "1.png")
    page.wait_for_selector("#answer[aria-busy=true]")
    assert page.inner_text("#answer") == "Reading the photo …"
    page.set_input_files("#file", tmp_path / "7.png")  # before the 1 is read
    while page.evaluate("paper.photo.file.name") != "7.png":  # wait_for_function needs eval, which the page forbids
        page.wait_for_timeout(50)
    page.evaluate("goOn()")
    page.wait_for_timeout(500)
    assert page.inner_text("#answer") == "Reading the photo …"
    page.evaluate("goOn()")
    assert says(page, "7")
    page.reload()


@pytest.mark.slow
def test_of_two_photos_the_one_dropped_last_is_read_however_long_the_first_takes(page: Any, tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (3000, 3000, 3), np.uint8)).save(tmp_path / "large.jpg")
    written("7").save(tmp_path / "7.png")
    page.set_input_files("#file", tmp_path / "large.jpg")
    page.set_input_files("#file", tmp_path / "7.png")
    assert says(page, "7")
    page.wait_for_timeout(1000)
    assert page.evaluate("paper.photo.file.name") == "7.png"
