"""Test error over several seeds: mean ± standard deviation, with the time that each run took.

python -m benchmarks.accuracy --config configs/large_cnn.yaml --seeds 5

Trains and tests by the command line, with seeds 0, 1, 2, …; nothing is selected by the result.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.record import make_parser, report
from digits.checkpoint import Checkpoint
from digits.records import read_metrics


def run(config: Path, seed: int, folder: Path, options: list[str]) -> dict[str, Any]:
    """Train and test once; error in percent, seconds in the training loop and of the whole process of `fit`."""
    name = f"{config.stem}_s{seed}"
    done = folder / "lightning_logs" / name / "version_0"
    common = ["--config", str(config), "--trainer.default_root_dir", str(folder), "--name", name]
    clock = folder / f"{name}.json"
    if not clock.is_file():
        start = time.monotonic()
        fit = [sys.executable, "-m", "digits", "fit", *common, "--seed_everything", str(seed), *options]
        subprocess.run(fit, check=True, stdout=subprocess.DEVNULL)
        seconds = round(time.monotonic() - start, 2)
        subprocess.run([sys.executable, "-m", "digits", "test", *common], check=True, stdout=subprocess.DEVNULL)
        clock.write_text(json.dumps({"seconds of fit": seconds}))
    return {
        "seed": seed,
        "error": round(100 * json.loads((done / "test.json").read_text())["MNISTDataModule"]["error"], 4),
        "seconds in the loop": round(sum(row["seconds"] for row in read_metrics(done / "metrics.csv")), 2),
        **json.loads(clock.read_text()),
        "parameters": Checkpoint.read(done / "checkpoints/last.ckpt").parameters,
        "precision": yaml.safe_load((done / "config.yaml").read_text())["trainer"]["precision"],
    }


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the config to train")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--keep", type=Path, help="a folder to keep the runs in; finished runs in it are not repeated")
    args, options = parser.parse_known_args()  # other options go to `fit`
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seeds):
            runs.append(run(args.config.absolute(), seed, args.keep or Path(folder), options))
            print(json.dumps(runs[-1]), flush=True)
    errors = [r["error"] for r in runs]
    figures = {
        "config": args.config.stem,
        "options": options,
        "parameters": runs[0]["parameters"],
        "error in percent, mean": round(statistics.mean(errors), 4),
        "error in percent, standard deviation": round(statistics.stdev(errors), 4) if len(errors) > 1 else None,
        "seconds in the loop, median": round(statistics.median(r["seconds in the loop"] for r in runs), 1),
        "seconds of fit, median": round(statistics.median(r["seconds of fit"] for r in runs if r["seconds of fit"]), 1),
        "precision": runs[0]["precision"],
        "runs": [{k: r[k] for k in ("seed", "error", "seconds in the loop", "seconds of fit")} for r in runs],
    }
    report(f"accuracy/{args.config.stem}", figures, args.record)


if __name__ == "__main__":
    main()
