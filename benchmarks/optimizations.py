"""What each optimization of `digits/fast/` is worth, in milliseconds per step.

python -m benchmarks.optimizations
python -m benchmarks.optimizations --networks dense --rounds 5

Each network is trained in turn by `digits fit`, with all of it (`--fast true`), with none (`--fast false`) and without
one of them, and, where it has convolutions, by a hand-written loop with one more optimization each time.
"""

import statistics
import tempfile
from collections.abc import Callable, Collection
from functools import partial

from benchmarks.baselines import OPTIMIZATIONS
from benchmarks.process import epochs_of, run
from benchmarks.record import ROOT, earlier, make_parser, report

NETWORKS = ("mlp", "dense", "small_cnn", "large_cnn")

FIT = "from digits import cli; {}; cli.main()"
WITHOUT = {  # what to run before `digits fit`, and its options
    "--fast false": ("", ["--fast", "false"]),
    "--fast true": ("", []),
    "without the fast path": ("from digits.fast import loop; loop.EpochLoop.allows_fast_path = lambda self: False", []),
    "without fast layers": ("from digits.fast import trainer; trainer.use_fast_layers = lambda network: None", []),
    "without channels last": ("from digits.fast import trainer; trainer.use_channels_last = lambda network: None", []),
    "without kept memory": ("from digits.fast import trainer; trainer.keep_freed_memory = lambda: None", []),
    "without bf16": ("", ["--trainer.precision", "32-true"]),
}


def hand_written(network: str, optimizations: Collection[str]) -> float:
    """Milliseconds per step of the hand-written loop."""
    result = run("-m", "benchmarks.baselines.loop", network, "--epochs", "1", "--optimizations", *optimizations)
    return result.last()["milliseconds per step"]


def fit(network: str, before: str, options: Collection[str]) -> float:
    """Milliseconds per step of a short run of `configs/NETWORK.yaml`, the median of its epochs."""
    with tempfile.TemporaryDirectory() as folder:
        config = ("--config", str(ROOT / f"configs/{network}.yaml"), "--trainer.default_root_dir", folder, *options)
        run("-c", FIT.format(before or "pass"), "fit", *config, "--trainer.max_epochs", "3", "--pictures", "false")
        rows = epochs_of(folder)
    return 1000 * statistics.median(row["seconds"] for row in rows) / (rows[-1]["step"] / len(rows))


def measurements(network: str) -> dict[str, Callable[[], float]]:
    """What is measured of a network, by name."""
    every = {f"digits fit, {name}": partial(fit, network, *how) for name, how in WITHOUT.items()}
    if "cnn" not in network:
        return {name: one for name, one in every.items() if "layers" not in name and "channels" not in name}
    steps = {"none": OPTIMIZATIONS[:0], **{f"+ {one}": OPTIMIZATIONS[: i + 1] for i, one in enumerate(OPTIMIZATIONS)}}
    steps["all but bf16"] = OPTIMIZATIONS[:2] + OPTIMIZATIONS[3:]
    return {**every, **{f"hand-written loop, {name}": partial(hand_written, network, s) for name, s in steps.items()}}


def medians(rows: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure the rows in turn, several times over."""
    times: dict[str, list[float]] = {row: [] for row in rows}
    for _ in range(rounds):
        for row, measure in rows.items():
            times[row].append(measure())
    return {row: round(statistics.median(values), 2) for row, values in times.items()}


def main() -> None:
    """Measure and report; networks that are not asked for keep their figures."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=NETWORKS)
    args = parser.parse_args()
    figures = earlier("optimizations", args.record)
    for network in args.networks:
        figures[network] = medians(measurements(network), args.rounds)
        print(network, figures[network], flush=True)
    report("optimizations", figures, args.record)


if __name__ == "__main__":
    main()
