"""How many digits on a page are found, and how many are read correctly.

python -m benchmarks.pages --ckpt_path A.ckpt

Pages of four lines of nine of MNIST's test images, of different sizes and out of line, as dark ink on uneven paper.
"""

import csv
import random
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.process import run
from benchmarks.record import make_parser, report
from digits.data import MNISTDataModule

LINES, COLUMNS = 4, 9

Truth = list[tuple[int, float, float]]  # label, x and y of the middle


def draw_page(images: np.ndarray, labels: list[int], seed: int) -> tuple[Image.Image, Truth]:
    """A page of the images, (36, 28, 28) uint8, and where they stand."""
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    page = np.full((900, 1400), 232.0) + np.linspace(-25, 15, 1400) + noise.normal(0, 4, (900, 1400))
    truth = []
    for line in range(LINES):
        x = 60
        for column in range(COLUMNS):
            i, side = line * COLUMNS + column, chance.randint(90, 120)
            y = 60 + line * 205 + chance.randint(-12, 12)
            ink = Image.fromarray(images[i]).resize((side, side), Image.Resampling.BICUBIC)
            page[y : y + side, x : x + side] -= np.asarray(ink) * (190 / 255)
            truth.append((labels[i], x + side / 2, y + side / 2))
            x += side + chance.randint(10, 40)
    return Image.fromarray(page.clip(0, 255).astype(np.uint8)), truth


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", required=True, help="the checkpoint to predict with")
    parser.add_argument("--pages", type=int, default=100)
    args = parser.parse_args()
    data = MNISTDataModule()
    data.setup("test")
    with tempfile.TemporaryDirectory() as name:
        pages = {}
        for n in range(args.pages):
            chosen = slice(n * LINES * COLUMNS, (n + 1) * LINES * COLUMNS)
            page, pages[f"{n}.png"] = draw_page(data.test.images[chosen].numpy(), data.test.labels[chosen].tolist(), n)
            page.save(Path(name, f"{n}.png"))
        out = Path(name, "out.csv")
        options = ("--data", "ImageDataModule", "--data.path", name, "--data.multiple_digits", "true")
        run("-m", "digits", "predict", "--ckpt_path", args.ckpt_path, *options, "--predictions.path", out)
        with out.open() as file:
            rows = list(csv.DictReader(file))
    found = right = 0
    for row in rows:
        left, top, width, height = (int(row[key]) for key in ("left", "top", "width", "height"))
        inside = [
            truth for truth in pages[row["id"]] if 0 <= truth[1] - left <= width and 0 <= truth[2] - top <= height
        ]
        found += len(inside) == 1
        right += len(inside) == 1 and row["prediction"] == str(inside[0][0])
    total = args.pages * LINES * COLUMNS
    figures = {
        "pages": args.pages,
        "digits": total,
        "boxes": len(rows),
        "percent found": round(100 * found / total, 2),
        "percent read correctly": round(100 * right / total, 2),
    }
    report("pages", figures, args.record)


if __name__ == "__main__":
    main()
