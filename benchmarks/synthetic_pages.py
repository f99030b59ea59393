"""How well made pages of MNIST's test digits are read, by kind, and the pages of a folder.

python -m benchmarks.synthetic_pages [--ckpt_path A.ckpt] [--pictures FOLDER]

Ten kinds of pages, and puzzles, made with the ingredients of `digits.data.synthetic`, which the network that finds ink
was trained on with training digits. A digit counts as read by the longest common subsequence of what is on the page and
what is read; digits that are read beyond that are extra. A folder of pictures has a labels.csv with the columns file,
kind and label, in which `/` separates lines; its files below `pages/` are scored.
"""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.record import make_parser, report
from digits import load
from digits.data import MNISTDataModule
from digits.data.page import prepare_several
from digits.data.photo import NoDigit
from digits.data.picture_file import read_picture
from digits.data.synthetic import light, paper
from digits.data.synthetic.crop import Digits
from digits.data.synthetic.datamodule import to_write_with
from digits.data.synthetic.dice import Dice
from digits.data.synthetic.strokes import Grey
from digits.data.synthetic.writing import Hand, Sheet, write_number
from digits.doubt import NOT_A_DIGIT

SHAPE = (640, 880)
Made = tuple[np.ndarray, str]  # a page, (H, W) uint8, and the digits on it


def write_page(
    dice: Dice, digits: Digits, gap: float = 0.3, pen: float | None = None
) -> tuple[Sheet, float, list[float]]:
    """Five lines of numbers; returns also the height of the digits and the base lines."""
    size = dice.uniform(32, 80)
    hand = Hand(size, pen or size * dice.uniform(0.06, 0.13), gap, 0.1, *digits, 0.0)
    sheet, bases = Sheet(SHAPE), [SHAPE[0] * (k + 0.75) / 5 for k in range(5)]
    for base in bases:
        x = 0.08 * SHAPE[1]
        for _ in range(2):
            x = write_number(sheet, hand, dice, base, x, 3, 0) + 1.2 * size
    return sheet, size, bases


def text(sheet: Sheet) -> str:
    """The digits of a page in the order they were written."""
    return "".join(str(label) for label, *_ in sheet.text)


def photo(
    ink: Grey, dice: Dice, lines: Grey | float = 0.0, shade: Grey | float = 1.0, strength: float = 0.75
) -> np.ndarray:
    """A photo of ink on paper with printed lines, under a light; (H, W) uint8."""
    sheet = dice.uniform(0.75, 0.95) * (1 + 0.02 * dice.smooth_noise(ink.shape, 20))
    sheet = sheet * (1 - strength * ink) * (1 - dice.uniform(0.3, 0.6) * lines)
    image = light.ndimage.gaussian_filter(sheet * shade, dice.uniform(0.5, 1.0)) + 0.012 * dice.noise(ink.shape)
    return (255 * image.clip(0, 1)).astype(np.uint8)


def plain(dice: Dice, digits: Digits) -> Made:
    """Ink on even paper."""
    sheet, *_ = write_page(dice, digits)
    return photo(sheet.ink, dice), text(sheet)


def pencil(dice: Dice, digits: Digits) -> Made:
    """A thin, faint pencil."""
    sheet, *_ = write_page(dice, digits, pen=2.5)
    return photo(sheet.ink, dice, strength=dice.uniform(0.25, 0.45)), text(sheet)


def tilted(dice: Dice, digits: Digits) -> Made:
    """A page turned by up to 10°."""
    sheet, *_ = write_page(dice, digits)
    turned = Image.fromarray(sheet.ink).rotate(dice.uniform(-10, 10), Image.Resampling.BICUBIC, expand=True)
    return photo(np.asarray(turned), dice), text(sheet)


def chalk(dice: Dice, digits: Digits) -> Made:
    """Light strokes on a dark board."""
    sheet, *_ = write_page(dice, digits)
    grain = np.clip(0.85 + 0.2 * dice.noise(SHAPE), 0.3, 1)
    image = dice.uniform(0.15, 0.3) * (1 + 0.1 * dice.smooth_noise(SHAPE, 60)) + 0.6 * sheet.ink * grain
    return (255 * image.clip(0, 1)).astype(np.uint8), text(sheet)


def ruled(dice: Dice, digits: Digits) -> Made:
    """Ruled paper."""
    sheet, size, bases = write_page(dice, digits)
    return photo(sheet.ink, dice, paper.ruled(SHAPE, size, bases, dice)), text(sheet)


def squared(dice: Dice, digits: Digits) -> Made:
    """Squared paper with strong lines."""
    sheet, size, _ = write_page(dice, digits)
    return photo(sheet.ink, dice, paper.squared(SHAPE, size, dice)), text(sheet)


def vignette(dice: Dice, digits: Digits) -> Made:
    """Dark corners."""
    sheet, *_ = write_page(dice, digits)
    y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in SHAPE)
    shade = 1 - dice.uniform(1.0, 1.5) * (y[:, None] ** 2 + x[None] ** 2)
    return photo(sheet.ink, dice, shade=shade), text(sheet)


def shadow(dice: Dice, digits: Digits) -> Made:
    """A shadow across the page."""
    sheet, *_ = write_page(dice, digits)
    return photo(sheet.ink, dice, shade=np.maximum(light.shadow(SHAPE, dice), 0.3)), text(sheet)


def cells(dice: Dice, digits: Digits, rows: int, columns: int, thick: int, empty: float) -> Made:
    """A table of digits, each `thick`-th border thicker."""
    side = dice.uniform(52, 68)
    hand = Hand(side * 0.6, side * 0.06, 0.2, 0.06, *digits, 0.0)
    down, across = ([30 + side * k for k in range(n + 1)] for n in (rows, columns))
    sheet = Sheet((round(down[-1] + 30), round(across[-1] + 30)))
    for top in down[:-1]:
        for left in across[:-1]:
            if not dice.chance(empty):
                label, glyph = hand.digit(dice)
                sheet.put(glyph, top + (side - glyph.shape[0]) / 2, left + (side - glyph.shape[1]) / 2, label)
    width = dice.uniform(1.5, 3)
    lines = paper.grid(*(paper.bars(n, at, width) for n, at in zip(sheet.shape, (down, across), strict=True)))
    for n, at in zip(sheet.shape, (down, across), strict=True):
        bold = paper.bars(n, at[::thick], 2.5 * width)
        inside = np.zeros(sheet.shape, np.float32)
        inside[25 : round(down[-1] + 5), 25 : round(across[-1] + 5)] = 1
        lines = np.maximum(lines, bold[:, None] if n == sheet.shape[0] and at is down else bold[None]) * inside
    return photo(sheet.ink, dice, lines), text(sheet)


def table(dice: Dice, digits: Digits) -> Made:
    """A table of marks."""
    return cells(dice, digits, 8, 6, 8, 0.1)


def puzzle(dice: Dice, digits: Digits) -> Made:
    """A number puzzle of nine by nine cells, some empty, photographed aslant."""
    page, truth = cells(dice, digits, 9, 9, 3, 0.5)
    turned = Image.fromarray(page).rotate(dice.uniform(-4, 4), Image.Resampling.BICUBIC, fillcolor=int(np.median(page)))
    return np.asarray(turned), truth


def touching(dice: Dice, digits: Digits) -> Made:
    """Digits of a number touch."""
    sheet, *_ = write_page(dice, digits, gap=dice.uniform(-0.1, 0.0))
    return photo(sheet.ink, dice), text(sheet)


KINDS: list[Callable[[Dice, Digits], Made]] = [
    *(plain, pencil, tilted, chalk, ruled, squared, vignette, shadow, table, touching, puzzle)
]


def common(a: str, b: str) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


class Score:
    """Counts of one kind of pages."""

    def __init__(self) -> None:
        self.digits = self.right = self.extra = self.pages = self.whole = 0
        self.seconds: list[float] = []

    def add(self, truth: str, said: str, seconds: float) -> None:
        """Count a page."""
        right = common(truth, said)
        self.digits, self.right = self.digits + len(truth), self.right + right
        self.extra, self.pages, self.whole = (
            self.extra + len(said) - right,
            self.pages + 1,
            self.whole + (truth == said),
        )
        self.seconds.append(seconds)

    def figures(self) -> dict[str, float]:
        """As shares and seconds."""
        return {
            "digits": self.digits,
            "read %": round(100 * self.right / max(1, self.digits), 2),
            "extra %": round(100 * self.extra / max(1, self.digits), 2),
            "pages": self.pages,
            "whole": self.whole,
            "mean s": round(float(np.mean(self.seconds)), 3),
            "max s": round(max(self.seconds), 3),
        }


def main() -> None:
    """Measure and print, and save the figures; see `benchmarks.record`."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", default="pretrained", help="the checkpoint to read with")
    parser.add_argument("--pages", type=int, default=20, help="of each kind")
    parser.add_argument("--split", default="test", choices=["val", "test"], help="val for tuning")
    parser.add_argument("--pictures", help="a folder with a labels.csv")
    parser.add_argument("--errors", help="a folder for the pages that were read wrongly")
    args = parser.parse_args()
    network = load(args.ckpt_path)
    scores: dict[str, Score] = {}

    def score(kind: str, name: str, image: Image.Image, truth: str) -> None:
        start = time.perf_counter()
        try:
            forms = np.array([form for form, note, _ in prepare_several(image) if not note])
        except NoDigit:
            forms = np.empty(0)
        said = ""
        if len(forms):
            classes, _, notes = network.predict(forms)
            said = "".join(str(label) for label, note in zip(classes, notes, strict=True) if note != NOT_A_DIGIT)
        scores.setdefault(kind, Score()).add(truth, said, time.perf_counter() - start)
        if args.errors and said != truth:
            print(kind, name, truth, said)
            image.convert("RGB").save(Path(args.errors, f"{kind}_{name}.png"))

    data = MNISTDataModule()
    data.setup("test" if args.split == "test" else "fit")
    source = data.test if args.split == "test" else data.val
    chosen = source.subset(torch.arange(2000))
    digits = to_write_with(chosen.images, chosen.labels)
    for number, kind in enumerate(KINDS):
        for n in range(args.pages):
            page, truth = kind(Dice((number, n)), digits)
            score(kind.__name__, str(n), Image.fromarray(page), truth)
    made = {kind: result.figures() for kind, result in scores.items()}
    if args.pictures:
        with Path(args.pictures, "labels.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["file"].startswith("pages/")]
        for row in rows:
            truth = "".join(c for c in row["label"] if c.isdigit())
            score(
                f"pages: {row['kind']}",
                row["file"].replace("/", "_"),
                read_picture(Path(args.pictures, row["file"])),
                truth,
            )
    result = {kind: one.figures() for kind, one in scores.items()}
    ten = [one for kind, one in scores.items() if kind in made and kind != "puzzle"]
    result["ten kinds"] = {"read %": round(100 * sum(s.right for s in ten) / max(1, sum(s.digits for s in ten)), 2)}
    report("synthetic_pages", result, args.record)


if __name__ == "__main__":
    main()
