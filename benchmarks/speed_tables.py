"""The tables of time, memory and size."""

from benchmarks.markdown import fills, table
from benchmarks.record import measured, read


@fills("exports")
def exports() -> str:
    figures = read("exports")
    files = measured(figures)
    own = files.pop("PyTorch")
    rows = [["PyTorch", "", "", "", f"{own['error in percent']:.2f}%", "1"]]
    for name, values in files.items():
        same, distance = values["images of the same class"], values["largest difference of a probability"]
        rows.append([name, f"{values['megabytes']} MB", f"{same:,} of 10,000", f"{distance:.1g}"])
        rows[-1] += [f"{values['error in percent']:.2f}%", f"{values['times as fast as PyTorch']}"]
    header = ["file", "size", "same class for", "probabilities within", "test error", "times as fast as PyTorch"]
    return table(header, rows, figures)


@fills("web")
def web() -> str:
    figures = read("web")
    same = f"{figures['images of the same class']:,} of {figures['images']:,}"
    row = [f"{figures['megabytes']} MB", f"{figures['milliseconds an image']} ms", same]
    row.append(f"{figures['largest difference of a probability']}")
    return table(["size", "an image", "same class as PyTorch for", "probabilities within"], [row], figures)


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
    networks = measured(figures)
    names = dict.fromkeys(name for steps in networks.values() for name in steps)
    rows = [[name, *(f"{steps.get(name, '')}" for steps in networks.values())] for name in names]
    return table(["milliseconds per step", *(f"`{network}`" for network in networks)], rows, figures)


@fills("start")
def start() -> str:
    figures = read("start")
    rows = [
        [f"`{name}`", *(f"{row[what]}{unit}" for what, unit in zip(row, (" s", " s", "", ""), strict=True))]
        for name, row in measured(figures).items()
    ]
    header = ["", "from start to end", "processor time", "times `import torch`", "times its processor time"]
    return table(header, rows, figures) if rows else ""


@fills("busy")
def busy() -> str:
    figures = read("busy")
    networks = measured(figures)
    names = list(dict.fromkeys(name for situations in networks.values() for row in situations.values() for name in row))
    rows = [
        [f"`{network}` {situation}", *(f"{row.get(name, '')}" for name in names)]
        for network, situations in networks.items()
        for situation, row in situations.items()
    ]
    return table(["", *(name.replace("digits", "`digits`", 1) for name in names)], rows, figures) if rows else ""


@fills("gpu")
def gpu() -> str:
    figures = read("gpu")
    rows = []
    for what, row in figures.items():
        if what.startswith("99%"):
            again = f"; {row['seconds, once more']} s once more" if "seconds, once more" in row else ""
            seconds = f"{row['seconds']} s in all{again}"
            rows.append([f"`speedrun`, {what}", seconds, "", "", f"{row['test accuracy']:.2%}"])
    loops = {what.removeprefix("beside a loop, "): row for what, row in figures.items() if what.startswith("beside")}
    fits = {what.removeprefix("fit, "): row for what, row in figures.items() if what.startswith("fit, ")}
    for name in [*loops, *(name for name in fits if name not in loops)]:
        loop, fit = loops.get(name, {}), fits.get(name, {})
        images = f"{fit['images a second']:,}" if fit else ""
        seconds = fit.get("seconds per epoch", loop.get("digits"))
        by_hand = [f"{loop['hand-written loop']} s", f"{loop['ratio']}"] if loop else ["", ""]
        rows.append([f"`{name}`", f"{seconds} s" if seconds else "", images, *by_hand])
    header = [f"on {figures.get('device')}", "an epoch", "images a second", "hand-written loop", "ratio, or accuracy"]
    return table(header, rows, figures) if rows else ""


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
        for name, row in measured(figures).items()
    ]
    return table(["", "from start to end of the process", "processor time"], rows, figures)


@fills("csv")
def csv_reading() -> str:
    figures = read("csv_reading")
    row = [f"{figures['rows']:,}", f"{figures['megabytes of the file']} MB", f"{figures['seconds to read']} s"]
    row += [f"{figures[what]:,} MB" for what in ("peak memory in megabytes", "of which before reading")]
    return table(["rows", "file", "read in", "peak memory", "of which before reading"], [row], figures)


@fills("folders")
def folders() -> str:
    figures = read("folders")
    if not figures:
        return ""
    rows = []
    for part in ("small", "photos", "pages", "rows"):
        for what, row in figures.get(part, {}).items():
            if "seconds" not in row or what.startswith("1 "):  # the start alone
                continue
            rate = row.get("a second, less the start") or ""
            seconds = row.get("of which reading, predicting and writing", row["seconds"])
            count = int(what.split()[0].replace(",", ""))
            rows.append(
                [what, f"{row['seconds']:.1f} s", f"{rate or count / seconds:,.0f}", f"{row['megabytes']:,} MB"]
            )
    for what, row in figures.get("processes", {}).items():
        rows += [[f"{what}, {name}", f"{row[name]:.1f} s", "", ""] for name in ("1 process", "2 processes")]
    return table(["", "from start to end", "a second", "peak memory"], rows, figures)


@fills("picture_steps")
def picture_steps() -> str:
    figures = read("folders")
    spent = {"photo": "photos", "page": "pages"} if figures else {}
    rows = [
        [f"a {name}", *(f"{figures[part]['milliseconds of one thread'][step]:.0f} ms" for step in ("decode", "read"))]
        for name, part in spent.items()
    ]
    return table(["one thread", "decoded in", "decoded and read in"], rows, figures) if rows else ""
