"""The tables of what networks get right."""

from pathlib import Path

import yaml

from benchmarks.markdown import fills, table
from benchmarks.record import ROOT, Figures, leaves, measured, read

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
    return table(["config", "network", "parameters", "test error", "training"], rows, versions_together())


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
    return table(header, rows, versions_together())


def versions_together() -> Figures:
    """On what all networks were measured: each package with all of its versions."""
    measured = [read(f"accuracy/{name}") for name in NETWORKS]
    packages = measured[0]["versions"]
    versions = {name: " and ".join(sorted({one["versions"][name] for one in measured})) for name in packages}
    return {"machine": measured[0]["machine"], "versions": versions}


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


@fills("attacks")
def attacks() -> str:
    figures = read("attacks")
    rows = [[kind, f"{one['tried']}", f"{one['held']}"] for kind, one in figures.items() if "tried" in one]
    return table(["attacks", "tried", "held"], rows, figures)


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
        for network, values in measured(figures).items()
    ]
    header = ["pictures", "network", "only resized", "inverted where dark on light, resized", "prepared"]
    return table(header, rows, figures)


@fills("pages")
def pages() -> str:
    figures = read("pages")
    row = [f"{figures['pages']:,}", f"{figures['digits']:,}"]
    row += [f"{figures[f'percent {what}']}%" for what in ("found", "read correctly")]
    return table(["pages", "digits", "found", "read correctly"], [row], figures)


@fills("reading")
def reading() -> str:
    figures = read("reading")
    networks = {name: dict(leaves(values)) for name, values in figures["networks"].items()}
    groups = {
        "single pictures": "read right: pictures, ",
        "digits of other sources": "read right: ",
        "error under corruption": "error: ",
        "AUROC of confidence": "told from digits, AUROC: ",
    }
    rows = []
    for key in next(iter(networks.values())):
        group, _, what = key.rpartition(" / ")
        unit = "" if group.startswith("AUROC") else "%"
        if what != "images":
            title = groups.get(group, "") + what.replace("_", " ")
            rows.append([title, *(f"{values[key]}{unit}" for values in networks.values())])
    return table(["", *(f"`{Path(name).stem}`" for name in networks)], rows, figures)


PAGES = {"pages: photo": "photographed pages", "ten kinds": "the first ten kinds together"}


def scores(figures: Figures) -> Figures:
    """The figures of each kind of pictures; see `benchmarks.synthetic_pages.Score`."""
    return {name: found for name, found in figures.items() if isinstance(found, dict) and "read %" in found}


@fills("synthetic-pages")
def synthetic_pages() -> str:
    figures, others = read("synthetic_pages"), read("ocr_pages")
    kinds = scores(figures)
    kinds["ten kinds"] = kinds.pop("ten kinds")  # last
    rows = [
        [
            PAGES.get(name, name),
            *(f"{one[share]:.1f}%" for one in (found, others[name]) for share in ("read %", "extra %")),
            f"{found['max s']:.1f} s",
        ]
        for name, found in kinds.items()
        if name != "pages: drawing"  # a single page
    ]
    header = ["kind", "digits read", "extra", "RapidOCR: read", "extra", "slowest page"]
    return table(header, rows, figures)


@fills("fonts")
def fonts() -> str:
    figures = read("fonts")
    kinds = scores(figures)
    rows = [
        [name, f"{found['digits']:,}", f"{found['read %']:.1f}%", f"{found['extra %']:.1f}%"]
        for name, found in kinds.items()
    ]
    return table([f"hands of {figures['fonts']} fonts", "digits", "read", "extra"], rows, figures)


@fills("page-memory")
def page_memory() -> str:
    figures = read("synthetic_pages")
    peaks = figures["peak memory of the process in MB after pages"]
    return table(
        ["pages read by one process", "its peak memory"], [[n, f"{peak:,} MB"] for n, peak in peaks.items()], figures
    )


HANDS = {"people": "each of 14 people", "optdigits_cv": "optdigits", "semeion": "Semeion", "usps_train": "USPS"}


@fills("handwriting")
def handwriting() -> str:
    figures = read("handwriting")
    header = ["network", "digits of", "scored", "wrong before", "wrong after", "MNIST test error before", "after, mean"]
    rows = [
        [
            f"`{name}`",
            HANDS.get(source, source),
            *(f"{found[key]:,}" for key in ("images scored", "errors before", "errors after")),
            *(f"{found[f'MNIST test error in percent, {when}']:.2f}%" for when in ("before", "after, mean")),
        ]
        for name, sets in measured(figures).items()
        for source, found in sets.items()
    ]
    return table(header, rows, figures)


@fills("kills")
def kills() -> str:
    figures = read("kills")
    rows = [[way, f"{count}"] for way, count in figures["kills"].items()]
    rows.append(["runs that ended identical", f"{figures['identical runs']} of {figures['runs']}"])
    return table(["killed by", "times"], rows, figures)
