"""What TensorBoard and the pictures cost: `python -m digits fit` with all of it, with scalars only, and with nothing.

python -m benchmarks.dashboard --config configs/large_cnn.yaml
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.throughput import RESULTS, run

VARIANTS = {
    "everything": [],
    "scalars only": ["--pictures", "false"],
    "nothing": ["--pictures", "false", "--trainer.logger", "false"],
}


def main() -> None:
    """Measure, print, and write benchmarks/results/dashboard.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/large_cnn.yaml", help="the config to train")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    command = [sys.executable, "-m", "digits", "fit", "--config", str(Path(args.config).absolute())]
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds):
            for name, options in VARIANTS.items():
                seconds, _ = run([*command, "--trainer.default_root_dir", folder, *options])
                times[name].append(seconds)
    ratios = [a / b - 1 for a, b in zip(times["everything"], times["nothing"], strict=True)]
    result = {
        "config": Path(args.config).stem,
        "seconds of the whole process, median": {
            name: round(statistics.median(all_), 1) for name, all_ in times.items()
        },
        "cost of everything, of each round": [f"{ratio:.1%}" for ratio in ratios],
        "cost of everything, median": f"{statistics.median(ratios):.1%}",
    }
    print(json.dumps(result, indent=2))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"dashboard_{Path(args.config).stem}.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
