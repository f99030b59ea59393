"""The README's figures are those that the benchmarks left."""

import json
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
RESULTS = ROOT / "benchmarks/results"


@pytest.mark.parametrize("source", ["synthetic", "typed", "scans"])
def test_pictures(source: str) -> None:
    figures = json.loads((RESULTS / "pictures.json").read_text())
    for model, values in figures.items():
        row = [f"{values[f'{source}, {how}']:.2%}" for how in ("resized", "inverted and resized", "prepared")]
        assert re.search(rf"`{model}` \| {row[0]} \| {row[1]} \| \*\*{row[2]}\*\*", README), (model, row)


def test_numbers() -> None:
    figures = json.loads((RESULTS / "pages.json").read_text())
    text = README.replace("\n", " ")
    assert f"Of {figures['digits']:,} of MNIST's test digits on {figures['pages']} pages" in text
    assert f"{figures['percent found']}% are found, and {figures['percent read correctly']}% read right" in text


def test_tables_and_throughput() -> None:
    tables = json.loads((RESULTS / "csv_reading.json").read_text())
    assert f"are read in {tables['seconds to read']} s, with a peak of" in README
    assert f"{tables['peak memory in megabytes'] / 1000:.1f} GB" in README
    seconds = {
        what: f"{value['seconds']:.1f} s"
        for what, value in json.loads((RESULTS / "throughput.json").read_text()).items()
    }
    assert f"10,000 PNG files takes {seconds['10,000 PNG files']}" in README
    assert f"test images {seconds['10,000 of MNIST']}" in README
    assert f"the start alone is {seconds['start alone']}" in README


def test_speedrun() -> None:
    figures = json.loads((RESULTS / "accuracy/speedrun.json").read_text())
    accuracy, spread = 100 - figures["error in percent, mean"], figures["error in percent, standard deviation"]
    assert len(figures["runs"]) == 10
    assert accuracy >= 99
    assert f"{accuracy:.2f}% ± {spread:.2f} of the test images over ten seeds" in README.replace("\n", " ")
    seconds = [figures[f"seconds {what}, median"] for what in ("in the loop", "of fit")]
    assert f"{seconds[0]} s in the training loop and {seconds[1]} s for the whole process" in README


def test_ablation() -> None:
    figures = json.loads((RESULTS / "ablation.json").read_text())["validation error in percent"]
    short, long = (figures[f"after {epochs} epochs without"] for epochs in (5, 20))
    for what, row in short.items():
        cells = []
        for one in (row, long.get(what)):
            if one is None:
                cells.append("")
                continue
            assert len(one["runs"]) == 3
            assert one["mean"] == pytest.approx(statistics.mean(one["runs"]), abs=0.001)
            assert one["standard deviation"] == pytest.approx(statistics.stdev(one["runs"]), abs=0.001)
            cells.append(f"{one['mean']:.2f} ± {one['standard deviation']:.2f}% ")
        assert f"| {what} | {cells[0]}| {cells[1]}|\n" in README


@pytest.mark.parametrize("path", sorted((RESULTS / "accuracy").glob("*.json")), ids=lambda path: path.stem)
def test_accuracy(path: Path) -> None:
    figures = json.loads(path.read_text())
    if figures["config"] == "speedrun":
        return  # see above
    assert len(figures["runs"]) == 5
    assert figures["options"] == []
    mean, spread = (figures[f"error in percent, {what}"] for what in ("mean", "standard deviation"))
    row = next(line for line in README.splitlines() if line.startswith(f"| `{figures['config']}.yaml` |"))
    assert f"| {figures['parameters']:,} |" in row
    assert f"| {mean:.2f} ± {spread:.2f}% |" in row


@pytest.mark.parametrize("network", ["mlp", "dense", "small_cnn", "large_cnn"])
def test_speed(network: str) -> None:
    speed = json.loads((RESULTS / "speed.json").read_text())
    training, prediction = (speed[network][what] for what in ("training", "prediction"))
    names = ["epoch, Keras", "epoch without bf16, Keras"]
    names += ["epoch, usual Lightning, 0 workers", "epoch, 2 workers", "epoch, hand-written loop"]
    ratios = [training["ratios"][name]["median"] for name in [*names, "process, Keras"]]
    ratios += [prediction["ratios"]["images a second, Keras"]["median"], training["ratios"]["memory, Keras"]["median"]]
    errors = [f"{training['figures'][name]['error']:.2%}" for name in ("digits", "Keras")]
    row = [f"{training['figures']['digits']['epoch']:.2f} s", *(f"{ratio:.2f}" for ratio in ratios), " / ".join(errors)]
    assert f"| `{network}` | {' | '.join(row)} |" in README
    assert f"takes {speed['start']['ratio']} times as long as importing" in README


def test_promises() -> None:
    figures = json.loads((RESULTS / "kills.json").read_text())
    assert min(figures["kills"].values()) >= 5
    assert figures["identical runs"] == figures["runs"]
    kills, runs = sum(figures["kills"].values()), figures["runs"]
    assert f"| {kills} kills, {runs} of {runs} runs the same |" in README


def test_scale() -> None:
    scale = json.loads((RESULTS / "scale.json").read_text())
    for images, row in scale["images"].items():
        figures = f"{row['seconds per epoch']:.2f} s | {row['peak memory in megabytes']:,} MB"
        assert f"| {images} | {figures} |" in README
    one, two = scale["processes, seconds per epoch"].values()
    assert f"{one} s an epoch on one process, {two} s on two" in README.replace("\n", " ")


def test_every_picture_and_file_it_names_is_there() -> None:
    for path in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file(), path
    tree = README[README.index("digits/\n  __main__.py") : README.index("**A new network**")]
    files = {line.split()[0] for line in tree.splitlines() if re.match(r"\s+\S+\.py\s", line)}
    assert {Path(name).name for name in files} == {
        path.name for path in (ROOT / "digits").rglob("*.py") if path.name != "__init__.py"
    }
