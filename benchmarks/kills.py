"""Kill `fit` again and again, resume it, and compare with an uninterrupted run.

python -m benchmarks.kills --kills 24

A quarter of the kills each is SIGKILL at a random moment, SIGKILL while a checkpoint is being written, SIGTERM and
Ctrl-C. At the end, weights, optimizer, metrics.csv (but for the times in it) and TensorBoard's curves must be the same,
bit by bit.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.record import ROOT, make_parser, report
from digits.runs import LOG_ROOT, newest_run
from tests.helpers import run_state

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
    """Whether the process was killed, when there was a checkpoint to resume from, and had not ended before."""
    parts = run / "checkpoints"
    events = len(list(run.glob("events*")))
    begun = wait(process, lambda: len(list(run.glob("events*"))) > events)
    if not begun or not wait(process, (parts / "last.ckpt").is_file):
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


def main() -> None:
    """Kill, resume, compare and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--kills", type=int, default=24, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    args = parser.parse_args()
    moment, options = random.Random(args.seed), ["--trainer.max_epochs=5"]
    kills = dict.fromkeys(WAYS, 0)
    resumed, runs, same = 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        uninterrupted = fit(Path(name) / "uninterrupted", *options)
        uninterrupted.communicate()
        expected = run_state(newest(Path(name) / "uninterrupted"))
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
            found = run_state(newest(folder))
            different = [key for key in expected if found[key] != expected[key]]
            same += not different
            print(f"run {runs}: {f'{different} differ' if different else 'identical'}", flush=True)
    figures = {"kills": kills, "resumed from a checkpoint": resumed, "runs": runs, "identical runs": same}
    report("kills", figures, args.record)
    if same < runs:
        sys.exit(f"{runs - same} of {runs} runs differ from the uninterrupted one")


if __name__ == "__main__":
    main()
