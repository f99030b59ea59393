"""How many images a second `python -m digits predict` reads, predicts and writes, from start to end of the process.

python -m benchmarks.throughput --ckpt_path A.ckpt

MNIST's 10,000 test images, once as they come with the package and once as 10,000 PNG files, in turn.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from digits.data import MNISTDataModule

RESULTS = Path(__file__).parent / "results"


def run(command: list[str]) -> tuple[float, float]:
    """Seconds that the command took, by the clock and of processor time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, print, and write benchmarks/results/throughput.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ckpt_path", required=True, help="the checkpoint to predict with")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    data = MNISTDataModule()
    data.setup("test")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "png")
        folder.mkdir()
        for i, image in enumerate(data.test.images.numpy()):
            Image.fromarray(image).save(folder / f"{i}.png")
        predict = [sys.executable, "-m", "digits", "predict", "--ckpt_path", args.ckpt_path]
        predict += ["--predictions.path", f"{name}/predictions.csv"]
        commands = {
            "start alone": [sys.executable, "-m", "digits", "predict", "--help"],
            "10,000 of MNIST": predict,
            "10,000 PNG files": [*predict, "--data", "ImageDataModule", "--data.path", str(folder)],
        }
        times: dict[str, list[tuple[float, float]]] = {what: [] for what in commands}
        for _ in range(args.rounds):
            for what, command in commands.items():
                times[what].append(run(command))
    result = {
        what: {
            "seconds": round(statistics.median(wall for wall, _ in runs), 2),
            "processor seconds": round(statistics.median(cpu for _, cpu in runs), 2),
            "images a second": round(10_000 / statistics.median(wall for wall, _ in runs))
            if "10,000" in what
            else None,
        }
        for what, runs in times.items()
    }
    print(f"{os.cpu_count()} processors, {args.rounds} rounds, medians", json.dumps(result, indent=2), sep="\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "throughput.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
