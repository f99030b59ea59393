"""The pictures of the docs that show what the packaged network answers, drawn anew.

python -m benchmarks.docs_images    # needs Playwright and Chromium

Twelve pictures of benchmarks/synthetic_digits.py, the first page of benchmarks/pages.py, and the page to draw on. They
are what comes first, whatever is read of it.
"""

import tempfile
import threading
from pathlib import Path

import numpy as np
import torch

from benchmarks.pages import COLUMNS, LINES, draw_page
from benchmarks.process import run
from benchmarks.record import ROOT
from benchmarks.synthetic_digits import draw_digit
from digits.commands.page.app import App
from digits.commands.page.server import PageServer
from digits.data import MNISTDataModule
from tests.browser import chromium, draw, says

IMAGES = ROOT / "docs/images"
DIGITS = (0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
NUMBERS = {"2": (40, 50), "7": (180, 50), "4": (320, 50), "5": (110, 300), "0": (230, 300)}  # corners, in pixels


def predict(folder: Path, picture: str, *options: str) -> None:
    """Predict the pictures in a folder, and draw what was found."""
    source = ("--ckpt_path", "pretrained", "--data", "ImageDataModule", "--data.path", str(folder))
    written = ("--predictions.path", str(folder / "out.csv"), "--predictions.picture", str(IMAGES / picture))
    run("-m", "digits", "predict", *source, *written, *options)


def draw_numbers() -> None:
    """Draw digits on the page, and take a picture of it."""
    app = App("pretrained", Path("no runs"))
    with PageServer(app, "127.0.0.1", 0) as server, chromium() as browser:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.goto(server.url)
        page.wait_for_selector("#paper")
        for digit, (left, top) in NUMBERS.items():
            draw(page, digit, left, top, 90, 190)
        says(page, "274\n50")
        page.wait_for_selector("#maps:not([width='1'])")
        page.screenshot(path=IMAGES / "demo.png", full_page=True)
        server.shutdown()
    app.end()


def main() -> None:
    """Draw all three."""
    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), np.random.default_rng(0)
        for i, digit in enumerate(DIGITS):
            image, suffix = draw_digit(digit, rng)
            image.save(folder / f"{digit}_{'ab'[digit in DIGITS[:i]]}.{suffix}")
        predict(folder, "pictures.png")
    data = MNISTDataModule()
    data.setup("test")
    with tempfile.TemporaryDirectory() as name:
        first = data.test[torch.arange(LINES * COLUMNS)]
        draw_page(first.images.numpy(), first.labels.tolist(), 0)[0].save(Path(name, "page.png"))
        predict(Path(name), "page.png", "--data.multiple_digits", "true")
    draw_numbers()


if __name__ == "__main__":
    main()
