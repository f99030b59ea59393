"""What each trick that makes training fast is worth.

python -m benchmarks.tricks

Those of `digits/performance.py` in the loop by hand, with one more of them each time, and the shorter steps of
`digits/loop.py` in `python -m digits fit`.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rivals import TRICKS

RESULTS = Path(__file__).parent / "results"

ROOT = Path(__file__).parent.parent
FIT = "from digits import cli, loop; loop.EpochLoop.is_plain = {}; cli.main()"
STEPS = {"Lightning's steps": "lambda self: False", "shorter steps": "loop.EpochLoop.is_plain"}


def fit(network: str, is_plain: str) -> float:
    """Milliseconds per step of a short run of `configs/NETWORK.yaml`, the median of its epochs."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--config", f"{ROOT}/configs/{network}.yaml", "--trainer.default_root_dir", folder]
        options += ["--trainer.max_epochs", "3", "--pictures", "false"]
        command = [sys.executable, "-c", FIT.format(is_plain), "fit", *options]
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        with Path(folder, f"lightning_logs/{network}/version_0/metrics.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    steps = int(rows[-1]["step"]) / len(rows)
    return 1000 * statistics.median(float(row["seconds"]) for row in rows) / steps


def main() -> None:
    """Measure, print, and write benchmarks/results/tricks.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rows = {"none": TRICKS[:0]} | {f"+ {trick}": TRICKS[: i + 1] for i, trick in enumerate(TRICKS)}
    rows |= {"all but bf16 and max pooling": TRICKS[:2] + TRICKS[3:4], "all but bf16": TRICKS[:2] + TRICKS[3:]}
    result: dict[str, dict[str, float]] = {}
    for network in ("large_cnn", "small_cnn"):
        times: dict[str, list[float]] = {row: [] for row in rows}
        for _ in range(args.rounds):
            for row, tricks in rows.items():
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.rivals.loop",
                    network,
                    "--epochs",
                    "1",
                    "--tricks",
                    *tricks,
                ]
                out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                times[row].append(json.loads(out.splitlines()[-1])["milliseconds per step"])
        result[network] = {row: round(statistics.median(values), 1) for row, values in times.items()}
        print(network, json.dumps(result[network], indent=2))
    for network in ("dense", "mlp"):
        per_step: dict[str, list[float]] = {row: [] for row in STEPS}
        for _ in range(args.rounds):
            for row, is_plain in STEPS.items():
                per_step[row].append(fit(network, is_plain))
        result[network] = {row: round(statistics.median(values), 2) for row, values in per_step.items()}
        print(network, json.dumps(result[network], indent=2))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "tricks.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
