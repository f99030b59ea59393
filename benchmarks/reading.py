"""How well networks read digits that are not MNIST's, how sure they are of it, and what they say of other things.

python -m benchmarks.reading --pictures DIR --foreign DIR [--fashion DIR] [--ckpt_path A.ckpt B.ckpt …]

--pictures: a folder with labels.csv (file, kind, label), whose files under single/ show one digit each.
--foreign: a folder of NumPy files with `images` and, where they are digits, `labels`.
--fashion: the four IDX files of Fashion-MNIST.

Pictures and foreign sets are prepared as the product prepares them. The corruptions, of benchmarks/corruptions.py, are
read by the network alone. With --split validation, MNIST's validation images take the place of its test images: to
choose by.
"""

import csv
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_images
from sklearn.metrics import roc_auc_score
from torchmetrics.functional.classification import binary_calibration_error

from benchmarks.corruptions import CORRUPTIONS
from benchmarks.record import make_parser, report
from digits import load
from digits.data import MNISTDataModule
from digits.data.picture_file import read_picture
from digits.data.split import stratified_split
from digits.metrics import BINS
from digits.pages.contents import prepare_likelier
from digits.pages.grey import to_grey
from digits.pages.photo import NoDigit
from digits.predictor import Predictor

# Scripts of which matplotlib's DejaVu has letters, each with its first and last one.
SCRIPTS = {
    "Greek": ("α", "ω"),
    "Cyrillic": ("Б", "Я"),
    "Armenian": ("Ա", "Ֆ"),
    "Hebrew": ("א", "ת"),
    "Arabic": ("ب", "ي"),
    "Georgian": ("ა", "ჰ"),
    "Canadian syllabics": ("ᐁ", "ᖁ"),
    "Tifinagh": ("ⴰ", "ⵥ"),
}
LOOK_ALIKES = set("ОЗбοσԁՁՉԶՇՏօסןוזוاლპჳᐃᐅᒍᒐᓂᓄⴰⵔⵏⵑⵒⵙⵓⵕО")  # letters that are drawn like digits


class Set:
    """Images in MNIST's form, as the product prepares them.

    Args:
        images: (N, 28, 28), uint8; None where preparing found no digit.
        labels: (N,), 0 to 9; none where these are no digits.
        kinds: what kind of picture each is.
    """

    def __init__(self, images: list[NDArray[np.uint8] | None], labels: Any = (), kinds: Any = ()) -> None:
        self.found = np.array([image is not None for image in images])
        self.images = np.stack([np.zeros((28, 28), np.uint8) if image is None else image for image in images])
        self.labels, self.kinds = np.asarray(labels), np.asarray(kinds)

    def read(self, predictor: Predictor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Classes and confidences, (N,); -1 and 0 where preparing found no digit."""
        probabilities = predictor.predict(self.images).probabilities
        return np.where(self.found, probabilities.argmax(1), -1), np.where(self.found, probabilities.max(1), 0)


def prepared(image: Image.Image) -> NDArray[np.uint8] | None:
    """A picture in MNIST's form, or None if there is no digit on it."""
    try:
        return prepare_likelier(to_grey(image))[0]
    except NoDigit:
        return None


def from_arrays(images: NDArray[np.uint8], labels: Any = ()) -> Set:
    """A set of arrays, (N, H, W), each prepared as a picture."""
    return Set([prepared(Image.fromarray(image)) for image in images], labels)


def single_pictures(folder: Path) -> Set:
    """The pictures under single/ that labels.csv names."""
    with (folder / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("single/")]
    images = [prepared(read_picture(folder / row["file"])) for row in rows]
    return Set(images, [int(row["label"]) for row in rows], [row["kind"] for row in rows])


def typed_letters() -> Set:
    """Letters of other scripts, in upright, slanted, bold and serif fonts that come with matplotlib."""
    fonts = ["DejaVuSans", "DejaVuSans-Oblique", "DejaVuSans-Bold", "DejaVuSerif"]
    letters = [chr(n) for a, b in SCRIPTS.values() for n in range(ord(a), ord(b) + 1)]
    images = []
    for i, letter in enumerate(letter for letter in letters if letter not in LOOK_ALIKES):
        page = Image.new("L", (120, 120), 255)
        path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{fonts[i % len(fonts)]}.ttf")
        ImageDraw.Draw(page).text((60, 60), letter, fill=0, font=ImageFont.truetype(str(path), 60), anchor="mm")
        images.append(prepared(page))
    return Set(images)


def photograph_crops(n: int = 2000) -> Set:
    """Pieces of the two photographs of scikit-learn, each reduced to 28×28 pixels."""
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(array).convert("L") for array in load_sample_images().images]
    crops: list[NDArray[np.uint8] | None] = []
    for i in range(n):
        picture, side = pictures[i % 2], int(rng.integers(28, 300))
        left, top = (int(rng.integers(0, length - side)) for length in picture.size)
        crops.append(np.asarray(picture.crop((left, top, left + side, top + side)).resize((28, 28))))
    return Set(crops)


def mnist(split: str) -> Set:
    """MNIST's test images, or those that training holds out to validate on."""
    data = MNISTDataModule().load("test" if split == "test" else "train")
    if split == "validation":
        data = data.subset(stratified_split(data.labels, 5000, 0)[1])
    return Set(list(data.images.numpy()), data.labels.numpy())


class Material:
    """All that networks are measured on, prepared once.

    Args:
        pictures: the folder of pictures, if there is one.
        foreign: the folder of foreign sets, if there is one.
        fashion: the folder of Fashion-MNIST, if there is one.
        split: "test" or "validation".
        limit: how many of MNIST's images are corrupted.
    """

    def __init__(self, pictures: Path | None, foreign: Path | None, fashion: Path | None, split: str, limit: int):
        self.mnist = mnist(split)
        self.pictures = None if pictures is None else single_pictures(pictures)
        self.digits: dict[str, Set] = {}
        self.others = {"typed letters of other scripts": typed_letters(), "crops of photographs": photograph_crops()}
        for file in sorted(foreign.glob("*.npz")) if foreign else []:
            data = np.load(file)
            kind = self.digits if "labels" in data else self.others
            kind[file.stem] = from_arrays(data["images"], data.get("labels", ()))
        if fashion is not None:
            images = MNISTDataModule("FashionMNIST", str(fashion)).load("test").images
            self.others["Fashion-MNIST"] = Set(list(images.numpy()))
        clean = self.mnist.images[:limit] / 255
        corrupted = {f.__name__: f(clean.copy(), np.random.default_rng(0)) for f in CORRUPTIONS}
        self.corrupted = {
            name: Set(list((255 * images).round().astype(np.uint8)), self.mnist.labels[:limit])
            for name, images in corrupted.items()
        }

    def measure(self, predictor: Predictor) -> dict[str, Any]:
        """All figures of one network; shares in percent."""
        said, known = self.mnist.read(predictor)
        result: dict[str, Any] = {"MNIST error": percent(said != self.mnist.labels)}
        outcomes = []
        if self.pictures is not None:
            said, confidence = self.pictures.read(predictor)
            right = said == self.pictures.labels
            outcomes.append((right, confidence))
            result["single pictures"] = {
                "all": percent(right),
                **{kind: percent(right[self.pictures.kinds == kind]) for kind in np.unique(self.pictures.kinds)},
                "wrong above 0.9": percent(~right & (confidence > 0.9)),
                "images": len(right),
            }
        result["digits of other sources"] = {}
        for name, digits in self.digits.items():
            said, confidence = digits.read(predictor)
            outcomes.append((said == digits.labels, confidence))
            result["digits of other sources"][name] = percent(said == digits.labels)
        if outcomes:
            right, confidence = (np.concatenate(part) for part in zip(*outcomes, strict=True))
            error = binary_calibration_error(torch.from_numpy(confidence), torch.from_numpy(right), BINS)
            result["calibration error off MNIST"] = round(100 * float(error), 2)
        errors = {name: percent(s.read(predictor)[0] != s.labels) for name, s in self.corrupted.items()}
        result["error under corruption"] = {"mean": round(float(np.mean(list(errors.values()))), 2), **errors}
        result["AUROC of confidence"] = {
            name: round(float(roc_auc_score([1] * len(known) + [0] * len(seen), np.append(known, seen))), 4)
            for name, seen in ((name, other.read(predictor)[1]) for name, other in self.others.items())
        }
        return result


def percent(which: NDArray[np.bool_]) -> float:
    """The share of true ones, in percent."""
    return round(100 * float(np.mean(which)), 3)


def main() -> None:
    """Measure, print, and write the figures."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", nargs="+", default=["pretrained"], help="checkpoints to measure")
    parser.add_argument("--pictures", type=Path, help="folder of pictures")
    parser.add_argument("--foreign", type=Path, help="folder of foreign sets")
    parser.add_argument("--fashion", type=Path, help="folder of Fashion-MNIST")
    parser.add_argument("--split", choices=["test", "validation"], default="test", help="which of MNIST's images")
    parser.add_argument("--limit", type=int, default=2000, help="how many images to corrupt")
    args = parser.parse_args()
    material = Material(args.pictures, args.foreign, args.fashion, args.split, args.limit)
    networks = {Path(path).name: material.measure(load(path)) for path in args.ckpt_path}
    report("reading", {"split": args.split, "networks": networks}, args.record, ("torch", "numpy", "scipy"))


if __name__ == "__main__":
    main()
