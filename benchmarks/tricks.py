"""What each trick of `digits/performance.py` is worth: the loop by hand, with one more of them each time.

python -m benchmarks.tricks
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.rivals import TRICKS

RESULTS = Path(__file__).parent / "results"


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
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "tricks.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
