"""What each trick that makes training fast is worth.

python -m benchmarks.tricks

Those of `digits/fast/` in the loop by hand, with one more of them each time, and the shorter steps of
`digits/fast/loop.py` in `python -m digits fit`.
"""

import csv
import json
import statistics
import tempfile
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from benchmarks.baselines import OPTIMIZATIONS as TRICKS
from benchmarks.process import run
from benchmarks.record import ROOT, make_parser, report

FIT = "from digits import cli; from digits.fast import loop; loop.EpochLoop.is_plain = {}; cli.main()"
STEPS = {"Lightning's steps": "lambda self: False", "shorter steps": "loop.EpochLoop.is_plain"}


def by_hand(network: str, tricks: Collection[str]) -> float:
    """Milliseconds per step of the loop by hand."""
    result = run("-m", "benchmarks.baselines.loop", network, "--epochs", "1", "--optimizations", *tricks)
    return result.last()["milliseconds per step"]


def fit(network: str, is_plain: str) -> float:
    """Milliseconds per step of a short run of `configs/NETWORK.yaml`, the median of its epochs."""
    with tempfile.TemporaryDirectory() as folder:
        options: list[str | Path] = ["--config", ROOT / f"configs/{network}.yaml", "--trainer.default_root_dir", folder]
        run("-c", FIT.format(is_plain), "fit", *options, "--trainer.max_epochs", "3", "--pictures", "false")
        with Path(folder, f"lightning_logs/{network}/version_0/metrics.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    steps = int(rows[-1]["step"]) / len(rows)
    return 1000 * statistics.median(float(row["seconds"]) for row in rows) / steps


def medians(rows: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure the rows in turn, several times over."""
    times: dict[str, list[float]] = {row: [] for row in rows}
    for _ in range(rounds):
        for row, measure in rows.items():
            times[row].append(measure())
    return {row: round(statistics.median(values), 2) for row, values in times.items()}


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    sets = {"none": TRICKS[:0]} | {f"+ {trick}": TRICKS[: i + 1] for i, trick in enumerate(TRICKS)}
    sets |= {"all but bf16 and max pooling": TRICKS[:2] + TRICKS[3:4], "all but bf16": TRICKS[:2] + TRICKS[3:]}
    networks: dict[str, dict[str, Callable[[], float]]] = {
        network: {row: partial(by_hand, network, tricks) for row, tricks in sets.items()}
        for network in ("large_cnn", "small_cnn")
    }
    networks |= {
        network: {row: partial(fit, network, is_plain) for row, is_plain in STEPS.items()}
        for network in ("dense", "mlp")
    }
    result = {}
    for network, rows in networks.items():
        result[network] = medians(rows, args.rounds)
        print(network, json.dumps(result[network], indent=2), flush=True)
    report("tricks", result, args.record)


if __name__ == "__main__":
    main()
