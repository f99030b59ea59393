"""How well made pages of MNIST's test digits are read, by kind, and the pages of a folder.

python -m benchmarks.synthetic_pages [--ckpt_path A.ckpt] [--pictures FOLDER] [--ocr]

Ten kinds of pages, puzzles, and pages with printed text, made with the ingredients of `digits.data.synthetic`, which
the network that finds ink was trained on with training digits. They go the whole way of the product. A digit counts as
read by the longest common subsequence of what is on the page and what is read; digits beyond that are extra.
A folder of pictures has a labels.csv with the columns file, kind and label, in which `/` separates lines; its files
below `pages/` are scored. With --ocr, RapidOCR, which knows texts of all kinds, reads in its place
(`pip install rapidocr-onnxruntime`: its networks are in the package); of what it says, the digits count.
"""

import csv
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.page_kinds import KINDS
from benchmarks.record import make_parser, report
from digits import load
from digits.data import MNISTDataModule
from digits.data.picture_file import read_picture
from digits.data.synthetic.datamodule import to_write_with
from digits.data.synthetic.dice import Dice
from digits.doubt import NOT_A_DIGIT
from digits.pages.contents import find_contents
from digits.pages.photo import NoDigit

Reader = Callable[[Image.Image], str]  # from a page to the digits on it, line by line


def common(a: str, b: str) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


@dataclass
class Score:
    """Counts of one kind of pages."""

    digits: int = 0
    right: int = 0
    extra: int = 0
    pages: int = 0
    whole: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, truth: str, said: str, seconds: float) -> None:
        """Count a page."""
        right = common(truth, said)
        self.digits += len(truth)
        self.right += right
        self.extra += len(said) - right
        self.pages += 1
        self.whole += truth == said
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


def product(ckpt_path: str) -> Reader:
    """As `digits predict` reads; what is probably not a digit does not count."""
    network = load(ckpt_path)

    def read(image: Image.Image) -> str:
        try:
            forms = np.array([form for form, note, _ in find_contents(image) if not note])
        except NoDigit:
            return ""
        if not len(forms):
            return ""
        classes, _, notes = network.predict(forms)
        return "".join(str(label) for label, note in zip(classes, notes, strict=True) if note != NOT_A_DIGIT)

    return read


def ocr() -> Reader:
    """As a package for texts of all kinds reads."""
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR()

    def read(image: Image.Image) -> str:
        texts = [text for _, text, _ in engine(np.asarray(image.convert("RGB"))[:, :, ::-1])[0] or []]
        return "".join(c for text in texts for c in text if c in "0123456789")

    return read


def measure(read: Reader, split: str, pages: int, pictures: Path | None, errors: Path | None) -> dict[str, Any]:
    """The figures of each kind, and the peak memory of this process.

    Args:
        read: what is measured.
        split: of MNIST, whose digits are on the pages: "val" or "test".
        pages: of each kind.
        pictures: a folder with a labels.csv.
        errors: a folder for the pages that were read wrongly.
    """
    scores: dict[str, Score] = defaultdict(Score)

    def score(image: Image.Image, truth: str, name: str, *kinds: str) -> None:
        start = time.perf_counter()
        said = read(image)
        seconds = time.perf_counter() - start
        for kind in kinds:
            scores[kind].add(truth, said, seconds)
        if errors and said != truth:
            print(*kinds, name, truth, said)
            image.convert("RGB").save(errors / f"{kinds[0]}_{name}.png")

    data = MNISTDataModule()
    data.setup("test" if split == "test" else "fit")
    chosen = (data.test if split == "test" else data.val).subset(torch.arange(2000))
    digits = to_write_with(chosen.images, chosen.labels)
    memory: dict[str, int] = {}
    for number, kind in enumerate(KINDS):
        for n in range(pages):
            page, truth = kind(Dice((number, n)), digits)
            groups = [] if kind.__name__ in ("puzzle", "heading", "form") else ["ten kinds"]
            score(Image.fromarray(page), truth, str(n), kind.__name__, *groups)
        if number in (0, len(KINDS) - 1):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            memory[str((number + 1) * pages)] = peak
    if pictures:
        with (pictures / "labels.csv").open() as file:
            for row in csv.DictReader(file):
                folder, name = row["file"].split("/", 1)
                if folder != "pages":
                    continue
                truth = "".join(filter(str.isdigit, row["label"]))
                image = read_picture(pictures / row["file"])
                score(image, truth, name.replace("/", "_"), f"pages: {row['kind']}")
    figures: dict[str, Any] = {kind: one.figures() for kind, one in scores.items()}
    return {**figures, "peak memory of the process in MB after pages": memory}


def main() -> None:
    """Measure and print, and save the figures; see `benchmarks.record`."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", default="pretrained", help="the checkpoint to read with")
    parser.add_argument("--pages", type=int, default=20, help="of each kind")
    parser.add_argument("--split", default="test", choices=["val", "test"], help="val for tuning")
    parser.add_argument("--pictures", type=Path, help="a folder with a labels.csv")
    parser.add_argument("--errors", type=Path, help="a folder for the pages that were read wrongly")
    parser.add_argument("--ocr", action="store_true", help="let RapidOCR read them")
    args = parser.parse_args()
    read, name = (ocr(), "ocr_pages") if args.ocr else (product(args.ckpt_path), "synthetic_pages")
    report(name, measure(read, args.split, args.pages, args.pictures, args.errors), args.record)


if __name__ == "__main__":
    main()
