"""Write the tables of the docs: of the recorded figures, benchmarks/results/*.json, and of the package's files.

python -m benchmarks.tables            # writes them into the pages
python -m benchmarks.tables --check    # says which pages disagree, and ends with an error if any does

A page holds a table between two lines: `<!-- table: NAME -->`, a key of TABLES, and `<!-- end of table -->`.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import yaml

from benchmarks.file_tree import file_tree
from benchmarks.record import ROOT, Figures, read

MARKED = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
TABLES: dict[str, Callable[[], str]] = {}

# What no benchmark measures: how a network is built, and the test error that its original states.
NETWORKS = {
    "mlp": ("784 → 784 → 10", "1.76%"),
    "dense": ("784 → 128 → 128 → 10", "not stated"),
    "small_cnn": ("one convolution", "1.07%"),
    "large_cnn": ("two convolutions", "0.74%"),
    "batchnorm_cnn": ("four convolutions, batch normalisation, augmented", "0.85%"),
    "kaggle_cnn": ("four convolutions, augmented", "0.33% on Kaggle's own test images"),
    "best": ("six convolutions, batch normalisation, augmented, averaged weights", "0.25–0.30%, best of its size"),
}


def fills(name: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register a function as the one that makes the table `name`."""

    def register(make: Callable[[], str]) -> Callable[[], str]:
        TABLES[name] = make
        return make

    return register


def table(header: Iterable[str], rows: Iterable[Iterable[str]], figures: Figures | None = None) -> str:
    """A Markdown table, with a line below it on what it was measured on, where that is known."""
    header = list(header)
    lines = [header, ["---"] * len(header), *map(list, rows)]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    if figures and "machine" in figures:
        installed = ", ".join(f"{package} {version}" for package, version in figures["versions"].items())
        text += f"\nMeasured on {figures['machine']} with {installed}.\n"
    return text


def error_of(figures: Figures) -> str:
    """Mean and standard deviation of the test error over the seeds."""
    mean, deviation = (figures[f"error in percent, {what}"] for what in ("mean", "standard deviation"))
    return f"{mean:.2f} ± {deviation:.2f}%"


def minutes(seconds: float) -> str:
    """A duration as people say it."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


@fills("accuracy-summary")
def accuracy_summary() -> str:
    rows = []
    for name, (network, _) in NETWORKS.items():
        figures = read(f"accuracy/{name}")
        time = minutes(figures["seconds of fit, median"])
        rows.append([f"`{name}`", network, f"{figures['parameters']:,}", error_of(figures), time])
    return table(["config", "network", "parameters", "test error", "training"], rows, read("accuracy/mlp"))


@fills("accuracy")
def accuracy() -> str:
    rows = []
    for name, (network, original) in NETWORKS.items():
        figures = read(f"accuracy/{name}")
        config = yaml.safe_load((ROOT / f"configs/{name}.yaml").read_text())
        schedule = f"{config['trainer']['max_epochs']} × {config['data']['init_args']['batch_size']}"
        runs = f"{len(figures['runs'])}"
        rows.append([f"`{name}`", network, f"{figures['parameters']:,}", schedule, runs, error_of(figures), original])
    header = ["config", "network", "parameters", "epochs × batch", "runs", "test error", "error of the original"]
    return table(header, rows, read("accuracy/mlp"))


@fills("pretrained")
def pretrained() -> str:
    figures = read("pretrained")
    rows = [
        ["network", f"`{figures['network']}`, {figures['parameters']:,} parameters, {figures['megabytes']} MB"],
        ["test error", f"{figures['test error in percent']:.2f}%"],
        ["test error with `--tta true`", f"{figures['test error with --tta true, in percent']:.2f}%"],
        ["expected calibration error", f"{figures['expected calibration error in percent']:.2f}%"],
    ]
    return table(["", "the shipped weights"], rows, figures)


@fills("speedrun")
def speedrun() -> str:
    figures = read("accuracy/speedrun")
    mean, deviation = (figures[f"error in percent, {what}"] for what in ("mean", "standard deviation"))
    loop, process = (figures[f"seconds {what}, median"] for what in ("in the loop", "of fit"))
    row = [f"{figures['parameters']:,}", f"{100 - mean:.2f} ± {deviation:.2f}%", f"{len(figures['runs'])}"]
    header = ["parameters", "test accuracy", "runs", "training loop", "whole process"]
    return table(header, [[*row, f"{loop} s", f"{process} s"]], figures)


@fills("ablation")
def ablation() -> str:
    figures = read("ablation")
    columns = figures["validation error in percent"]

    def cell(row: Figures | None) -> str:
        return f"{row['mean']:.2f} ± {row['standard deviation']:.2f}%" if row else ""

    names = dict.fromkeys(name for column in columns.values() for name in column)
    rows = [[name, *(cell(column.get(name)) for column in columns.values())] for name in names]
    return table(["without", *(name.removesuffix(" without") for name in columns)], rows, figures)


@fills("pictures")
def pictures() -> str:
    figures = read("pictures")
    sources = {
        "synthetic": "2,000 drawn digits",
        "typed": "1,000 typed digits",
        "scans": "1,797 scans of 8×8 pixels",
    }
    ways = ("resized", "inverted and resized", "prepared")
    rows = [
        [title, f"`{network}`", *(f"{values[f'{source}, {way}']:.2%}" for way in ways)]
        for source, title in sources.items()
        for network, values in figures.items()
        if network not in ("machine", "versions")
    ]
    header = ["pictures", "network", "only resized", "inverted where dark on light, resized", "prepared"]
    return table(header, rows, figures)


@fills("pages")
def pages() -> str:
    figures = read("pages")
    row = [f"{figures['pages']:,}", f"{figures['digits']:,}"]
    row += [f"{figures[f'percent {what}']}%" for what in ("found", "read correctly")]
    return table(["pages", "digits", "found", "read correctly"], [row], figures)


@fills("exports")
def exports() -> str:
    figures = read("exports")
    own = figures["PyTorch"]
    rows = [["PyTorch", "", "", "", f"{own['error in percent']:.2f}%", "1"]]
    for name, values in figures.items():
        if name not in ("PyTorch", "machine", "versions"):
            same, distance = values["images of the same class"], values["largest difference of a probability"]
            rows.append([name, f"{values['megabytes']} MB", f"{same:,} of 10,000", f"{distance:.1g}"])
            rows[-1] += [f"{values['error in percent']:.2f}%", f"{values['times as fast as PyTorch']}"]
    header = ["file", "size", "same class for", "probabilities within", "test error", "times as fast as PyTorch"]
    return table(header, rows, figures)


@fills("speed")
def speed() -> str:
    figures = read("speed")
    ratios = ["epoch, Keras", "epoch without bf16, Keras", "epoch, usual Lightning, 0 workers", "epoch, 2 workers"]
    ratios += ["epoch, hand-written loop", "process, Keras"]
    rows = []
    for network in ("mlp", "dense", "small_cnn", "large_cnn"):
        training, prediction = (figures[network][what] for what in ("training", "prediction"))
        row = [f"`{network}`", f"{training['figures']['digits']['epoch']:.2f} s"]
        row += [f"{training['ratios'][ratio]['median']:.2f}" for ratio in ratios]
        row += [f"{prediction['ratios']['images a second, Keras']['median']:.2f}"]
        row += [f"{training['ratios']['memory, Keras']['median']:.2f}"]
        row += [" / ".join(f"{training['figures'][name]['error']:.2%}" for name in ("digits", "Keras"))]
        rows.append(row)
    header = ["network", "`digits`, an epoch", "Keras", "Keras, both without bf16", "usual Lightning, 0 workers"]
    header += ["2 workers", "hand-written loop", "whole process, Keras", "prediction, Keras", "memory, Keras"]
    return table([*header, "test error, `digits` / Keras"], rows, figures)


@fills("optimizations")
def optimizations() -> str:
    figures = read("optimizations")
    networks = [network for network in figures if network not in ("machine", "versions")]
    names = dict.fromkeys(name for network in networks for name in figures[network])
    rows = [[name, *(f"{figures[network].get(name, '')}" for network in networks)] for name in names]
    return table(["milliseconds per step", *(f"`{network}`" for network in networks)], rows, figures)


@fills("scale")
def scale() -> str:
    figures = read("scale")
    rows = [
        [images, f"{row['seconds per epoch']:.2f} s", f"{row['peak memory in megabytes']:,} MB"]
        for images, row in figures["images"].items()
    ]
    return table(["training images", "an epoch of `mlp`", "peak memory"], rows, figures)


@fills("processes")
def processes() -> str:
    figures = read("scale")
    rows = [[count, f"{seconds:.2f} s"] for count, seconds in figures["processes, seconds per epoch"].items()]
    return table(["processes", "an epoch of `large_cnn`"], rows, figures)


@fills("throughput")
def throughput() -> str:
    figures = read("throughput")
    names = {"start alone": "`digits predict --help`", "10,000 of MNIST": "MNIST's 10,000 test images"}
    rows = [
        [names.get(name, name), f"{row['seconds']:.1f} s", f"{row['processor seconds']:.1f} s"]
        for name, row in figures.items()
        if name not in ("machine", "versions")
    ]
    return table(["", "from start to end of the process", "processor time"], rows, figures)


@fills("csv")
def csv_reading() -> str:
    figures = read("csv_reading")
    row = [f"{figures['rows']:,}", f"{figures['megabytes of the file']} MB", f"{figures['seconds to read']} s"]
    row += [f"{figures[what]:,} MB" for what in ("peak memory in megabytes", "of which before reading")]
    return table(["rows", "file", "read in", "peak memory", "of which before reading"], [row], figures)


@fills("kills")
def kills() -> str:
    figures = read("kills")
    rows = [[way, f"{count}"] for way, count in figures["kills"].items()]
    rows.append(["runs that ended identical", f"{figures['identical runs']} of {figures['runs']}"])
    return table(["killed by", "times"], rows, figures)


@fills("files")
def files() -> str:
    return file_tree(ROOT / "digits")


def fill(page: str) -> str:
    """A page with each of its tables made anew."""

    def replace(match: re.Match[str]) -> str:
        if match[2] not in TABLES:
            raise SystemExit(f"no table {match[2]}: there are {', '.join(TABLES)}")
        return f"{match[1]}{TABLES[match[2]]()}{match[3]}"

    return MARKED.sub(replace, page)


def pages_with_tables() -> list[Path]:
    """The Markdown pages that may hold tables."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def main() -> None:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, but say which pages disagree")
    args = parser.parse_args()
    different = []
    for path in pages_with_tables():
        before = path.read_text(encoding="utf-8")
        after = fill(before)
        if after != before:
            different.append(f"{path.relative_to(ROOT)}")
            if not args.check:
                path.write_text(after, encoding="utf-8")
    if args.check and different:
        sys.exit(f"{', '.join(different)} are not up to date: run `python -m benchmarks.tables`")
    print(f"Written: {', '.join(different)}" if different else "All tables are up to date.")


if __name__ == "__main__":
    main()
