"""Accuracy of networks trained on MNIST on pictures that are not MNIST, with preparation and without.

python -m benchmarks.pictures --ckpt_path A.ckpt B.ckpt …

Three sources: 2,000 digits of benchmarks/synthetic_digits.py; 1,000 typed ones, in fonts that come with matplotlib; and
the 1,797 scans of scikit-learn's `load_digits` (Alpaydin and Kaynak, 1998), 8×8 pixels, here enlarged to 80×80, dark on
white. Nothing was tuned on the first two. The scans, when first measured, showed that digits which reach the edge of
the picture lost strokes, which was then mended. Each is saved as picture files and read by `python -m digits predict`.
The baseline without preparation is what tutorials do: make the picture grey and resize it to 28×28, and then also
inverted where it is dark on light.
"""

import tempfile
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

from benchmarks.process import run
from benchmarks.record import make_parser, report
from benchmarks.synthetic_digits import draw_digit


def save_scans(folder: Path) -> None:
    """Scikit-learn's scans as PNG files in a folder per label."""
    data = load_digits()
    for i, (image, label) in enumerate(zip(data.images, data.target, strict=True)):
        file = folder / str(label) / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        page = Image.fromarray((255 - image * 255 / 16).astype(np.uint8))
        page.resize((80, 80), Image.Resampling.BICUBIC).save(file)


def save_synthetic(folder: Path, n: int = 2000) -> None:
    """`n` synthetic digits, as many of each, in a folder per label."""
    rng = np.random.default_rng(0)
    for i in range(n):
        image, suffix = draw_digit(i % 10, rng)
        file = folder / str(i % 10) / f"{i}.{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        image.save(file)


def save_typed(folder: Path, n: int = 1000) -> None:
    """`n` typed digits, as many of each, in fonts, sizes, places and colours drawn at random."""
    rng = np.random.default_rng(0)
    fonts = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVu*.ttf"))
    fonts = [font for font in fonts if "Display" not in font.name]  # those have no digits
    for i in range(n):
        size = int(rng.integers(40, 300))
        font = ImageFont.truetype(str(fonts[rng.integers(len(fonts))]), size)
        ink, paper = rng.permutation([int(rng.integers(0, 90)), int(rng.integers(170, 256))]).tolist()
        page = Image.new("L", (2 * size, 2 * size), paper)
        at = rng.uniform(0.8, 1.2, 2) * size
        ImageDraw.Draw(page).text((at[0], at[1]), str(i % 10), fill=ink, font=font, anchor="mm")
        file = folder / str(i % 10) / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        page.rotate(rng.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=paper).save(file)


def invert_all(source: Path, folder: Path) -> None:
    """A copy in which ink is lighter than paper, as MNIST has it, for the baseline."""
    for path in source.rglob("*.*"):
        grey = np.asarray(Image.open(path).convert("L"))
        file = folder / path.relative_to(source).with_suffix(".png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - grey if np.median(grey) > 127 else grey).save(file)


def accuracy(checkpoint: str, path: Path, prepare: bool) -> float:
    """The share of correct predictions of `digits predict`; a picture without a prediction counts as wrong."""
    out = path.parent / "predictions.csv"
    command = ("-m", "digits", "predict", "--ckpt_path", checkpoint, "--data", "ImageDataModule", "--data.path", path)
    run(*command, "--data.prepare", str(prepare).lower(), "--predictions.path", out)
    _, *rows = (line.split(",") for line in out.read_text().splitlines())
    return sum(row[1] == row[-2] for row in rows) / len(rows)


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", nargs="+", required=True, help="checkpoints to score")
    args = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        save_scans(root / "scans")
        save_synthetic(root / "synthetic")
        save_typed(root / "typed")
        sources = ("synthetic", "typed", "scans")
        for source in sources:
            invert_all(root / source, root / f"{source}-inverted")
        for checkpoint in args.ckpt_path:
            figures = results.setdefault(Path(checkpoint).parts[-4], {})
            for source in sources:
                figures[f"{source}, resized"] = accuracy(checkpoint, root / source, prepare=False)
                figures[f"{source}, inverted and resized"] = accuracy(checkpoint, root / f"{source}-inverted", False)
                figures[f"{source}, prepared"] = accuracy(checkpoint, root / source, prepare=True)
    report("pictures", results, args.record)


if __name__ == "__main__":
    main()
