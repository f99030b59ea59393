"""Kill `fit` again and again, resume it, and compare with a run that nobody touched.

python -m benchmarks.kills --kills 24

A quarter of the kills each is SIGKILL at a random moment, SIGKILL while a checkpoint is being written, SIGTERM and
Ctrl-C. At the end, weights, optimizer, metrics.csv (but for the times in it) and TensorBoard's curves must be the same,
bit by bit.
"""

import argparse
import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import machine, versions
from digits.runs import LOG_ROOT, newest_run

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results/kills.json"
TIMED = ("seconds", "images_per_second")
WAYS = ("SIGKILL", "SIGKILL while a checkpoint is written", "SIGTERM", "SIGINT")


def fit(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start a training with shuffling, dropout and augmentation."""
    config = ["--config", str(ROOT / "configs/large_cnn.yaml"), "--trainer.default_root_dir", str(folder)]
    more = ["--data.rotation=10", "--data.shift=0.1", "--trainer.log_every_n_steps=10", *options]
    line = [sys.executable, "-m", "digits", "fit", *config, *more]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait(process: subprocess.Popen[str], until: Callable[[], bool], pause: float = 0.05) -> bool:
    """Whether `until` came true before the process ended."""
    while process.poll() is None:
        if until():
            return True
        time.sleep(pause)
    return False


def kill(process: subprocess.Popen[str], way: str, run: Path, moment: random.Random) -> bool:
    """Whether the process was killed, and had not ended before."""
    parts = run / "checkpoints"
    events = len(list(run.glob("events*")))
    if not wait(process, lambda: len(list(run.glob("events*"))) > events):
        return False
    if way == "SIGKILL while a checkpoint is written":
        seen = wait(process, lambda: any(parts.glob(".*.part")), pause=0.001)
    else:
        end = time.monotonic() + moment.uniform(0, 5)
        seen = wait(process, lambda: time.monotonic() > end)
    if seen:
        process.send_signal(getattr(signal, way.split()[0]))
    return seen and process.wait() != 0


def newest(folder: Path) -> Path:
    """The folder of the newest run; of the first to be, where there is none."""
    runs = folder / LOG_ROOT / "large_cnn"
    return newest_run(runs) or runs / "version_0"


def outcome(run: Path) -> dict[str, Any]:
    """All that must be the same in two runs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    checkpoint = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    with (run / "metrics.csv").open(newline="") as file:
        rows = [{k: v for k, v in row.items() if k not in TIMED} for row in csv.DictReader(file)]
    events = EventAccumulator(str(run), size_guidance={"scalars": 0}).Reload()
    curves = {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
        if tag not in TIMED
    }
    steps = {tag: [event.step for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    state = {name: value.tolist() for name, value in checkpoint["state_dict"].items()}
    moments = checkpoint["optimizer_states"][0]["state"]
    optimizer = [{name: value.tolist() for name, value in moments[i].items()} for i in moments]
    return {"weights": state, "optimizer": optimizer, "metrics.csv": rows, "curves": curves, "steps": steps}


def main() -> None:
    """Kill, resume, compare, and write benchmarks/results/kills.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=24, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    args = parser.parse_args()
    moment, options = random.Random(args.seed), ["--trainer.max_epochs=5"]
    kills = dict.fromkeys(WAYS, 0)
    resumed, runs, same = 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        untouched = fit(Path(name) / "untouched", *options)
        untouched.communicate()
        expected = outcome(newest(Path(name) / "untouched"))
        while sum(kills.values()) < args.kills:
            runs += 1
            folder = Path(name) / str(runs)
            while True:
                run = newest(folder)
                again = (run / "checkpoints/last.ckpt").is_file()
                process = fit(folder, *options, *["--ckpt_path=last"] * again)
                resumed += again
                way = min(kills, key=lambda way: kills[way])
                more = sum(kills.values()) < args.kills
                if more and kill(process, way, run, moment):
                    kills[way] += 1
                    print(f"{way}: {sum(kills.values())} of {args.kills}", flush=True)
                    continue
                out, _ = process.communicate()
                if process.returncode:
                    sys.exit(f"a run that was not killed failed:\n{out}")
                break
            found = outcome(newest(folder))
            different = [key for key in expected if found[key] != expected[key]]
            same += not different
            print(f"run {runs}: {'the same' if not different else f'other {different}'}", flush=True)
    result = {
        "kills": kills,
        "resumed from a checkpoint": resumed,
        "runs": runs,
        "the same as untouched, bit by bit": same,
        "machine": machine(),
        "versions": versions("torch", "lightning"),
    }
    print(json.dumps(result, indent=2, ensure_ascii=False))
    RESULTS.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if same < runs:
        sys.exit(f"{runs - same} of {runs} runs ended otherwise")


if __name__ == "__main__":
    main()
