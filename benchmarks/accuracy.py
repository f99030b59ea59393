"""Test error over several seeds: mean ± standard deviation, with the time that each run took.

python -m benchmarks.accuracy --config configs/large_cnn.yaml --seeds 5

Trains and tests by the command line, with seeds 0, 1, 2, ...; nothing is chosen by what comes out.
"""

import argparse
import csv
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, versions

RESULTS = Path(__file__).parent / "results"


def run(config: Path, seed: int, folder: Path, options: list[str]) -> dict[str, Any]:
    """Train and test once; error in percent, seconds in the training loop and of the whole process of `fit`."""
    common = ["--config", str(config), "--trainer.default_root_dir", str(folder)]
    start = time.monotonic()
    fit = [sys.executable, "-m", "digits", "fit", *common, "--seed_everything", str(seed), *options]
    out = subprocess.run(fit, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds = time.monotonic() - start
    subprocess.run([sys.executable, "-m", "digits", "test", *common], check=True, stdout=subprocess.DEVNULL)
    newest = max((folder / "lightning_logs" / config.stem).iterdir(), key=lambda path: path.stat().st_ctime)
    with (newest / "metrics.csv").open() as file:
        loop = sum(float(row["seconds"]) for row in csv.DictReader(file))
    score = json.loads((newest / "test.json").read_text())["MNISTDataModule"]
    parameters = re.search(r"trainable parameters\s+([\d,]+)", out)
    precision = re.search(r"precision (\S+)", out)
    assert parameters is not None
    assert precision is not None
    return {
        "seed": seed,
        "error": round(100 * score["error"], 4),
        "seconds in the loop": round(loop, 2),
        "seconds of fit": round(seconds, 2),
        "parameters": int(parameters[1].replace(",", "")),
        "precision": precision[1].rstrip(","),
    }


def main() -> None:
    """Measure, print, and write benchmarks/results/accuracy/CONFIG.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="the config to train")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    args, options = parser.parse_known_args()  # what else is given goes to `fit`
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seeds):
            runs.append(run(args.config.absolute(), seed, Path(folder), options))
            print(json.dumps(runs[-1]), flush=True)
    errors = [r["error"] for r in runs]
    result = {
        "config": args.config.stem,
        "options": options,
        "parameters": runs[0]["parameters"],
        "error in percent, mean": round(statistics.mean(errors), 4),
        "error in percent, standard deviation": round(statistics.stdev(errors), 4) if len(errors) > 1 else None,
        "seconds in the loop, median": round(statistics.median(r["seconds in the loop"] for r in runs), 1),
        "seconds of fit, median": round(statistics.median(r["seconds of fit"] for r in runs), 1),
        "precision": runs[0]["precision"],
        "machine": machine(),
        "versions": versions("torch", "lightning"),
        "runs": [{k: r[k] for k in ("seed", "error", "seconds in the loop", "seconds of fit")} for r in runs],
    }
    print(json.dumps(result, indent=2, ensure_ascii=False))
    path = RESULTS / "accuracy" / f"{args.config.stem}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
