"""What several tests use: small synthetic data, the state of a run, and the type of the command line's fixtures."""

import csv
import gzip
import hashlib
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor

from digits.data import mnist
from digits.pages.grey import to_grey
from digits.pages.locate import InkMap
from digits.pages.photo import prepare_one

if TYPE_CHECKING:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
Digits = Callable[..., str]
Stroke = list[tuple[float, float]]
Line = tuple[int, int, int, int]  # from x and y, to x and y
# Options for the tiny data.
SMALL = ("--data.val_size=60", "--data.batch_size=30", "--trainer.accelerator=cpu", "--pictures=false")
SMALL_FIT = ("--model=MLP", "--model.hidden=[16]", "--trainer.max_epochs=1")  # what trains in the shortest time
TIMED = ("seconds", "images_per_second")  # what differs between two runs of the same training


def slow(value: Any) -> Any:
    """A parameter of a test that takes long."""
    return pytest.param(value, marks=pytest.mark.slow)


def draw(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images that are easy to tell apart: a bright bar at a height that depends on the class, and noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 10
    images = torch.randint(0, 60, (n, 28, 28), generator=generator, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[4 + 2 * label : 6 + 2 * label, 4:24] = 255
    return images, labels


def write_csv(
    path: Path | str, images: Tensor, labels: Tensor | None = None, at: int = 0, header: list[str] | None = None
) -> Path:
    """A CSV file of images, (N, 28, 28) uint8, whose label is column `at`."""
    rows = images.flatten(1).tolist()
    if labels is not None:
        for row, label in zip(rows, labels.tolist(), strict=True):
            row.insert(at, label)
    with Path(path).open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows] if header else rows)
    return Path(path)


def csv_rows(path: Path | str) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names of its columns."""
    with Path(path).open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def csv_probabilities(path: Path | str) -> np.ndarray:
    """The probabilities in a file of predictions, (N, 10)."""
    return np.array([[float(row[f"p{i}"]) for i in range(10)] for row in csv_rows(path)])


def snippets(page: Path) -> list[str]:
    """The blocks of Python on a page of the docs."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def write_idx(path: Path, values: Tensor) -> None:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = header + values.to(torch.uint8).numpy().tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def replace_bundled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let MNISTDataModule read the four files in a folder in place of the bundled ones."""
    monkeypatch.setattr(mnist, "BUNDLED", folder)
    sums = {path.stem: (hashlib.md5(path.read_bytes()).hexdigest(), "") for path in folder.iterdir()}
    monkeypatch.setattr(mnist, "FILES", sums)


def seven(size: int = 120, pen: int = 9, ink: int = 20, paper: int = 235, mode: str = "L") -> Image.Image:
    """A 7 on a page: of all digits the one that looks least like itself mirrored, turned or inverted."""
    image = Image.new("L", (size, size), paper)
    points = [(0.3 * size, 0.25 * size), (0.7 * size, 0.25 * size), (0.45 * size, 0.8 * size)]
    ImageDraw.Draw(image).line(points, fill=ink, width=pen, joint="curve")
    return image if mode == "L" else image.convert(mode)


def arc(x: float, y: float, width: float, height: float, start: float, end: float) -> Stroke:
    """Points of an ellipse around (x, y) with these radii; angles in degrees, clockwise from the right."""
    angles = [math.radians(start + (end - start) * i / 12) for i in range(13)]
    return [(x + width * math.cos(a), y + height * math.sin(a)) for a in angles]


# The strokes of each digit, in a box of 1 × 1.
STROKES: dict[str, list[Stroke]] = {
    "0": [arc(0.5, 0.5, 0.3, 0.48, -90, 270)],
    "1": [[(0.35, 0.2), (0.52, 0.0), (0.5, 1.0)]],
    "2": [[*arc(0.5, 0.28, 0.32, 0.28, -170, 40), (0.15, 1.0), (0.88, 0.97)]],
    "3": [[*arc(0.45, 0.26, 0.32, 0.26, -150, 80), *arc(0.45, 0.74, 0.36, 0.26, -80, 150)]],
    "4": [[(0.35, 0.02), (0.15, 0.6), (0.9, 0.56)], [(0.68, 0.3), (0.64, 1.0)]],
    "5": [[(0.78, 0.02), (0.28, 0.02), (0.24, 0.42), *arc(0.45, 0.69, 0.34, 0.3, -80, 140)]],
    "6": [[(0.66, 0.0), (0.38, 0.3), *arc(0.48, 0.72, 0.27, 0.27, 180, -180)]],
    "7": [[(0.12, 0.05), (0.85, 0.04), (0.42, 1.0)]],
    "8": [[*arc(0.5, 0.25, 0.24, 0.24, 60, -240), *arc(0.5, 0.75, 0.3, 0.26, -60, 240), (0.62, 0.46)]],
    "9": [[*arc(0.47, 0.28, 0.27, 0.27, 0, -360), (0.72, 0.6), (0.62, 1.0)]],
}


def written(digit: str, size: int = 200, pen: int = 10, ink: int = 30, paper: int = 225) -> Image.Image:
    """A digit written with a round pen on a square page of `size` pixels."""
    image = Image.new("L", (size, size), paper)
    draw = ImageDraw.Draw(image)
    for stroke in STROKES[digit]:
        points = [((0.25 + 0.5 * x) * size, (0.15 + 0.7 * y) * size) for x, y in stroke]
        draw.line(points, fill=ink, width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=ink)
    return image


def with_lines(ink: np.ndarray, lines: Iterable[Line], width: int, level: int, light: bool = False) -> InkMap:
    """A picture of ink that is known, (H, W) from 0 to 1, and of lines that are no ink; maybe light on dark."""
    picture = Image.fromarray((220 - 180 * ink).astype(np.uint8))
    for line in lines:
        ImageDraw.Draw(picture).line(line, fill=level, width=width)
    image = np.asarray(picture, np.float32) / 255
    return InkMap(ink, 0 * ink, 0 * ink, 1.0, (1 - image if light else image).astype(np.float32))


def prepare(image: Image.Image) -> np.ndarray:
    """A picture of one digit in MNIST's form."""
    return prepare_one(to_grey(image))[0]


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two images, blurred a little, so that strokes of different width compare."""
    a, b = (ndimage.gaussian_filter(image.astype(float), 1.5).ravel() for image in (a, b))
    return float(np.corrcoef(a, b)[0, 1])


def check_form(image: np.ndarray) -> None:
    """MNIST's form, as measured on its training images."""
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    rows, columns = np.flatnonzero(image.max(1) > 0), np.flatnonzero(image.max(0) > 0)
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
    assert image.max() == 255
    assert 0.04 < (image > 127).mean() < 0.35
    row, column = ndimage.center_of_mass(image)
    assert abs(row - 14) <= 0.6
    assert abs(column - 14) <= 0.6


def read_events(run: Path) -> "EventAccumulator":
    """All that a run has written for TensorBoard."""
    # TensorBoard takes a second to import, and most tests do without.
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0, "tensors": 0}).Reload()


def weights(run: Path) -> dict[str, Tensor]:
    """The weights in the last checkpoint of a run."""
    return torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"]


def same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether two state dicts are equal, bit by bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def run_state(run: Path) -> dict[str, Any]:
    """Everything in a run's folder that must be identical in two runs of the same training."""
    checkpoint = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    rows = [{k: v for k, v in row.items() if k not in TIMED} for row in csv_rows(run / "metrics.csv")]
    events = read_events(run)
    curves = {
        tag: sorted((event.step, event.value) for event in events.Scalars(tag))  # files of one second lie in any order
        for tag in events.Tags()["scalars"]
        if tag not in TIMED
    }
    steps = {tag: sorted(event.step for event in events.Scalars(tag)) for tag in events.Tags()["scalars"]}
    state = {name: value.tolist() for name, value in checkpoint["state_dict"].items()}
    moments = checkpoint["optimizer_states"][0]["state"]
    optimizer = [{name: value.tolist() for name, value in moments[i].items()} for i in moments]
    return {"weights": state, "optimizer": optimizer, "metrics.csv": rows, "curves": curves, "steps": steps}
