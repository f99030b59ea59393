"""Speed and memory beside Keras, the usual Lightning pipeline, and a loop by hand.

python -m benchmarks.speed

For each network, in turn and several times over, each in its own process: `python -m digits fit` and `test` as a user
has them, with logging, checkpoints, pictures and progress; Keras 3 on TensorFlow; Lightning with torchvision's
dataset and transforms per image, with 0 and 2 workers; the loop by hand; and `digits` and Keras once more in float32
and with AVX2 alone, which is what a processor without bf16 has. All have the same 55,000 training and 5,000
validation images, and the batch sizes of the configs. An epoch lasts from the end of the last one to its own end,
validation included; the first of each process does not count.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, versions
from benchmarks.rivals import TRICKS

# Nothing heavy is imported here: the peak memory of a child includes what its parent had when it started.

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
BATCH_SIZES = {"mlp": 200, "dense": 32, "small_cnn": 200, "large_cnn": 200}
EPOCHS = 10  # of the configs
PRODUCT, KERAS, USUAL_0, USUAL_2, LOOP = "digits", "Keras", "usual Lightning, 0 workers", "2 workers", "loop by hand"
OLD, KERAS_OLD = "digits without bf16", "Keras without bf16"
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}  # of oneDNN, which both use, and of torch


@dataclass
class Run:
    """What one process took and printed."""

    seconds: float
    memory: float  # peak, in megabytes
    epochs: list[float] = field(default_factory=list)  # seconds of each but the first
    output: str = ""

    def last(self) -> dict[str, Any]:
        """The JSON object in the last line of the output."""
        return json.loads(self.output.splitlines()[-1])


def run(*args: str | Path, **environment: str) -> Run:
    """Run Python with `args` and watch it.

    Raises:
        RuntimeError: it failed.
    """
    start, lines, ends = time.monotonic(), [], []
    process = subprocess.Popen(
        [sys.executable, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if re.match(r"end of epoch|Epoch \d+/\d+: ", line):
            ends.append(time.monotonic())
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(map(str, args))} ended with {status}:\n{''.join(lines)}")
    seconds = time.monotonic() - start
    epochs = [b - a for a, b in pairwise(ends)]
    return Run(seconds, usage.ru_maxrss / 1024, epochs, "".join(lines))


def train(network: str, folder: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Train `network` in every way, `rounds` times; the figures of each run."""
    batch = ("--batch_size", str(BATCH_SIZES[network]))
    usual = ("-m", "benchmarks.rivals.lightning_usual", network, folder, "--epochs", "2", *batch, "--workers")
    tricks = [trick for trick in TRICKS if trick != "bf16" or network != "dense"]  # as its config says
    runs: dict[str, list[dict[str, float]]] = {}

    def note(name: str, result: Run, **more: float) -> None:
        figures = {"epoch": statistics.median(result.epochs), "process": result.seconds, "memory": result.memory}
        runs.setdefault(name, []).append({**figures, **more})
        print(f"{network}, {name}: " + ", ".join(f"{k} {v:.4g}" for k, v in runs[name][-1].items()), flush=True)

    for _ in range(rounds):
        config = ("--config", ROOT / f"configs/{network}.yaml", "--trainer.default_root_dir", folder)
        fit, test = (run("-m", "digits", command, *config) for command in ("fit", "test"))
        error = float(re.search(r"accuracy [\d.]+%, error ([\d.]+)%", test.output)[1]) / 100  # type: ignore[index]
        fit.seconds += test.seconds
        note(PRODUCT, fit, error=error)
        keras = (
            "-m",
            "benchmarks.rivals.keras_fit",
            network,
            folder / "mnist.npz",
            "--model",
            folder / f"{network}.keras",
        )
        result = run(*keras, "--epochs", str(EPOCHS), *batch)
        note(KERAS, result, error=result.last()["error"])
        note(USUAL_0, run(*usual, "0"))
        note(USUAL_2, run(*usual, "2"))
        note(LOOP, run("-m", "benchmarks.rivals.loop", network, "--epochs", "4", *batch, "--tricks", *tricks))
        short = ("--trainer.max_epochs", "4", "--trainer.precision", "32-true", "--name", "without_bf16")
        note(OLD, run("-m", "digits", "fit", *config, *short, **AVX2))
        note(KERAS_OLD, run(*keras, "--epochs", "4", *batch, **AVX2))
    return runs


def predict(network: str, folder: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Predict 60,000 images from the trained networks; the figures of each run."""
    runs: dict[str, list[dict[str, float]]] = {PRODUCT: [], KERAS: []}
    for _ in range(rounds):
        ours = run(
            *("-m", "digits", "predict", "--config", ROOT / f"configs/{network}.yaml"),
            *("--trainer.default_root_dir", folder, "--data.data_dir", folder / "60000"),
        )
        rate = float(re.search(r"([\d,]+) a second", ours.output)[1].replace(",", ""))  # type: ignore[index]
        runs[PRODUCT].append({"images a second": rate, "process": ours.seconds, "memory": ours.memory})
        model = folder / f"{network}.keras"
        keras = run("-m", "benchmarks.rivals.keras_fit", network, folder / "mnist.npz", "--predict", "--model", model)
        runs[KERAS].append({**keras.last(), "process": keras.seconds, "memory": keras.memory})
    return runs


def summary(runs: dict[str, list[dict[str, float]]], bigger_is_better: tuple[str, ...] = ()) -> dict[str, Any]:
    """Medians of each program, and how many times as much as `digits` the others took in each round.

    Of those without bf16, how many times as long an epoch of Keras took as one of `digits`.
    """
    figures = {
        name: {key: round(statistics.median(r[key] for r in rounds), 4) for key in rounds[0]}
        for name, rounds in runs.items()
    }
    ratios = {}

    def compare(what: str, key: str, other: str, own: str) -> None:
        pairs = [(a[key], b[key]) for a, b in zip(runs[other], runs[own], strict=True)]
        each = [b / a if key in bigger_is_better else a / b for a, b in pairs]
        ratios[what] = {"median": round(statistics.median(each), 2), "rounds": [round(r, 2) for r in each]}

    for name in runs.keys() - {PRODUCT, OLD, KERAS_OLD}:
        for key in runs[name][0].keys() & runs[PRODUCT][0].keys() - {"error"}:
            compare(f"{key}, {name}", key, name, PRODUCT)
    if OLD in runs:
        compare("epoch without bf16, Keras", "epoch", KERAS_OLD, OLD)
    return {"figures": figures, "ratios": dict(sorted(ratios.items()))}


def startup(rounds: int) -> dict[str, Any]:
    """Seconds of `--help`, beside importing Lightning's command line alone."""
    pairs = [
        (run("-m", "digits", "--help").seconds, run("-c", "import lightning.pytorch.cli").seconds)
        for _ in range(rounds)
    ]
    ours, import_alone = (round(statistics.median(times), 2) for times in zip(*pairs, strict=True))
    ratio = round(statistics.median(a / b for a, b in pairs), 2)
    return {"--help": ours, "import lightning.pytorch.cli": import_alone, "ratio": ratio}


def main() -> None:
    """Measure, print, and write benchmarks/results/speed.json, in which networks that are not asked for keep theirs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="*", choices=BATCH_SIZES, default=BATCH_SIZES)
    args = parser.parse_args()
    path = RESULTS / "speed.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.is_file() and args.networks != BATCH_SIZES else {}
    result |= {
        "machine": machine(),
        "versions": versions("torch", "lightning", "keras", "tensorflow"),
        "start": startup(args.rounds),
    }
    print(json.dumps(result, indent=2, ensure_ascii=False), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("-m", "benchmarks.rivals.data", folder)
        for network in args.networks:
            result[network] = {
                "rounds": args.rounds,
                "training": summary(train(network, folder, args.rounds)),
                "prediction": summary(predict(network, folder, args.rounds), ("images a second",)),
            }
            print(json.dumps(result[network], indent=2, ensure_ascii=False), flush=True)
            RESULTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
