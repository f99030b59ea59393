"""What TensorBoard and the pictures cost: `python -m digits fit` with all of it and with nothing.

python -m benchmarks.dashboard --config configs/large_cnn.yaml
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.throughput import RESULTS, run

VARIANTS = {
    "everything": [],
    "nothing": ["--pictures", "false", "--trainer.logger", "false"],
}


def main() -> None:
    """Measure, print, and write benchmarks/results/dashboard.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/large_cnn.yaml", help="the config to train")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    command = [sys.executable, "-m", "digits", "fit", "--config", str(Path(args.config).absolute())]
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds):
            for name, options in VARIANTS.items():
                runs[name].append(run([*command, "--trainer.default_root_dir", folder, *options]))
    result: dict[str, Any] = {"config": Path(args.config).stem}
    for i, clock in enumerate(["seconds", "processor seconds"]):
        ratios = [a[i] / b[i] - 1 for a, b in zip(runs["everything"], runs["nothing"], strict=True)]
        result[clock] = {
            **{name: round(statistics.median(pair[i] for pair in pairs), 1) for name, pairs in runs.items()},
            "cost in each round": [f"{ratio:.1%}" for ratio in ratios],
            "cost, median": f"{statistics.median(ratios):.1%}",
        }
    print(json.dumps(result, indent=2))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"dashboard_{Path(args.config).stem}.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
