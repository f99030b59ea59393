"""Seconds of an epoch on a machine that is busy with something else: `digits fit`, and Keras where it is installed.

python -m benchmarks.busy
python -m benchmarks.busy --networks mlp --rounds 1 --epochs 2

Each network is trained in turn alone, beside a Python loop that never rests, and beside a torch program with as many
threads as there are cores: as it comes, with one thread, with all of them, and by Keras. The first epoch counts, too,
as beside a busy program it is the slowest. With all threads beside a program an epoch may take minutes, so there it is
ten times a tenth of one.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.process import epochs_of, run
from benchmarks.record import ROOT, earlier, make_parser, report

NETWORKS = ("mlp", "large_cnn")
BATCH_SIZE = 200  # of both configs
PROGRAMS = {  # what runs beside, which says when it has begun
    "alone": "",
    "beside a Python loop": "print(flush=True)\nwhile True: pass",
    "beside a torch program": (
        "import torch\na = torch.rand(500, 500)\nconv = torch.nn.Conv2d(1, 32, 5)\nx = torch.rand(200, 1, 28, 28)\n"
        "print(flush=True)\nwhile True: a @ a; conv(x).sum().backward()"
    ),
}
AS_IT_COMES, ONE, ALL = "digits", "digits --threads 1", f"digits --threads {os.cpu_count()}"
KERAS = "Keras"
PART = 0.1  # of an epoch


@contextmanager
def beside(program: str) -> Iterator[None]:
    """Run a Python program in a session of its own, as from another terminal."""
    if not program:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def fit(network: str, epochs: int, *options: str) -> float:
    """The mean seconds of an epoch, validation excluded, of `digits fit`."""
    with tempfile.TemporaryDirectory() as folder:
        config = ("--config", str(ROOT / f"configs/{network}.yaml"), "--trainer.default_root_dir", folder)
        run("-m", "digits", "fit", *config, "--trainer.max_epochs", str(epochs), "--pictures", "false", *options)
        return statistics.mean(row["seconds"] for row in epochs_of(folder))


def part(network: str, *options: str) -> float:
    """The seconds that an epoch would take, by a part of it."""
    return fit(network, 1, *options, "--trainer.limit_train_batches", str(PART)) / PART


def keras(network: str, epochs: int, folder: Path) -> float:
    """The mean seconds of an epoch of Keras, from the second on, its validation included."""
    options = ("--epochs", str(epochs + 1), "--batch_size", str(BATCH_SIZE), "--model", folder / "model.keras")
    return statistics.mean(run("-m", "benchmarks.baselines.keras_fit", network, folder / "mnist.npz", *options).epochs)


def measure(networks: list[str], rounds: int, epochs: int, folder: Path) -> dict[str, Any]:
    """Medians of the rounds, by network, situation and program."""
    times: dict[str, dict[str, dict[str, list[float]]]] = {}
    with_keras = importlib.util.find_spec("tensorflow") is not None
    for _ in range(rounds):
        for network in networks:
            for situation, program in PROGRAMS.items():
                row = times.setdefault(network, {}).setdefault(situation, {})
                for name, options in {AS_IT_COMES: (), ONE: ("--threads", "1")}.items():
                    with beside(program):
                        row.setdefault(name, []).append(fit(network, epochs, *options))
                every = ("--threads", str(os.cpu_count()))
                with beside(program):
                    row.setdefault(ALL, []).append(part(network, *every) if program else fit(network, epochs, *every))
                if with_keras:
                    with beside(program):
                        row.setdefault(KERAS, []).append(keras(network, epochs, folder))
                print(network, situation, {name: round(values[-1], 2) for name, values in row.items()}, flush=True)
    return {network: {situation: summary(row) for situation, row in rows.items()} for network, rows in times.items()}


def summary(row: dict[str, list[float]]) -> dict[str, float]:
    """Medians, and how many times as long as with the better number of threads an epoch takes as it comes."""
    pairs = zip(row[AS_IT_COMES], row[ONE], row[ALL], strict=True)
    ratio = statistics.median(own / min(one, every) for own, one, every in pairs)
    medians = {name: round(statistics.median(values), 2) for name, values in row.items()}
    return {**medians, "times the better number of threads": round(ratio, 2)}


def main() -> None:
    """Measure and report; networks that are not asked for keep their figures."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    args = parser.parse_args()
    figures = earlier("busy", args.record)
    with tempfile.TemporaryDirectory() as name:
        run("-m", "benchmarks.baselines.data", name)
        figures |= measure(args.networks, args.rounds, args.epochs, Path(name))
    report("busy", figures, args.record, ("torch", "lightning", "keras", "tensorflow"))


if __name__ == "__main__":
    main()
