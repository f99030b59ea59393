"""How well made pages of MNIST's test digits are read, by kind, and the pages of a folder.

python -m benchmarks.synthetic_pages [--ckpt_path A.ckpt] [--pictures FOLDER]

Ten kinds of pages, puzzles, and pages with printed text, made with the ingredients of `digits.data.synthetic`, which
the network that finds ink was trained on with training digits. They go the whole way of the product. A digit counts as
read by the longest common subsequence of what is on the page and what is read; digits beyond that are extra.
A folder of pictures has a labels.csv with the columns file, kind and label, in which `/` separates lines; its files
below `pages/` are scored.
"""

import csv
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.page_kinds import KINDS
from benchmarks.record import make_parser, report
from digits import load
from digits.data import MNISTDataModule
from digits.data.contents import find_contents
from digits.data.photo import NoDigit
from digits.data.picture_file import read_picture
from digits.data.synthetic.datamodule import to_write_with
from digits.data.synthetic.dice import Dice
from digits.doubt import NOT_A_DIGIT


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
    memory: dict[str, int] = {}

    def score(kind: str, name: str, image: Image.Image, truth: str) -> None:
        start = time.perf_counter()
        try:
            forms = np.array([form for form, note, _ in find_contents(image) if not note])
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
        if number in (0, len(KINDS) - 1):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            memory[str((number + 1) * args.pages)] = peak
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
    result: dict[str, dict[str, Any]] = {kind: one.figures() for kind, one in scores.items()}
    ten = [one for kind, one in scores.items() if kind in made and kind not in ("puzzle", "heading", "form")]
    result["ten kinds"] = {"read %": round(100 * sum(s.right for s in ten) / max(1, sum(s.digits for s in ten)), 2)}
    result["peak memory of the process in MB after pages"] = memory
    report("synthetic_pages", result, args.record)


if __name__ == "__main__":
    main()
