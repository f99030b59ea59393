"""Everything about speed on a GPU, in one call of less than 8 minutes.

python -m benchmarks.gpu            # on a machine with an NVIDIA GPU
python -m benchmarks.gpu --smoke    # on a CPU in miniature, to see that it runs

Measured are `digits fit` of every config of a classifier, each for a few epochs; the seconds in which
configs/speedrun.yaml trains to 99% of the test images, twice in a process; `digits fit` beside a hand-written loop on
the same GPU, whose images all lie there; two networks with `--fast false`; and `large_cnn` on two GPUs, if there are
two. What does not fit into the time or fails is left out, and named.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from benchmarks.process import epochs_of, run
from benchmarks.record import ROOT, make_parser, report, save

LIMIT = 7 * 60  # seconds, after which nothing is begun
EPOCHS = 3  # of which the first does not count
BATCH_SIZES = {"mlp": 200, "dense": 32, "small_cnn": 200, "large_cnn": 200}  # of what the hand-written loop can train
TRAINED_ON = 55_000  # images of an epoch of these
AUGMENTED = {"robust"}  # whose images take longer to augment than to train on
PART = ("--trainer.limit_train_batches", "50")  # of an epoch, which would take minutes
SLOWED = ("mlp", "large_cnn")  # also measured without what makes them fast, in the same precision
PLAIN = ("--fast", "false", "--trainer.precision", "bf16-mixed")
MINIATURE = ("--trainer.limit_train_batches", "3", "--trainer.limit_val_batches", "1", "--threads", "1")
TWICE = "import sys; from digits.cli import main; [main(sys.argv[1:]) for _ in range(2)]"
NOT_TRAINED = ("ink", "pretrained")  # of the first, images are made while it trains; the second only says what to load


class Gpu:
    """What is measured, on a GPU or in miniature on a CPU.

    Args:
        smoke: on a CPU.
    """

    def __init__(self, smoke: bool) -> None:
        self.smoke = smoke
        self.device = "cpu" if smoke else "cuda"

    def fit(
        self, config: str, *options: str, epochs: int | None = EPOCHS, digits: Sequence[str] = ("-m", "digits")
    ) -> tuple[list[dict[str, float]], Any]:
        """The figures of each epoch of `digits fit`, and the scores of the (first) test, if there was one."""
        with tempfile.TemporaryDirectory() as folder:
            where = ("--trainer.default_root_dir", folder, "--trainer.accelerator", "cpu" if self.smoke else "gpu")
            length = () if epochs is None else ("--trainer.max_epochs", str(epochs))
            small = MINIATURE if self.smoke else ()
            command = (*digits, "fit", "--config", ROOT / f"configs/{config}.yaml", *where, *length, *small)
            run(*command, "--pictures", "false", *options)
            tests = sorted(Path(folder).rglob("test.json"))
            return epochs_of(folder), json.loads(tests[0].read_text())["MNISTDataModule"] if tests else None

    @cache  # noqa: B019 – it ends with the program
    def config(self, name: str, *options: str) -> dict[str, float]:
        """Seconds of training in an epoch, and images a second."""
        rows, _ = self.fit(name, *options, *(PART if name in AUGMENTED else ()))
        later = rows[1:] or rows
        figures: dict[str, float] = {}
        if name not in AUGMENTED:
            figures["seconds per epoch"] = round(statistics.median(row["seconds"] for row in later), 3)
        figures["images a second"] = round(statistics.median(row["images_per_second"] for row in later))
        return figures

    def speedrun(self) -> dict[str, float]:
        """Seconds of training in configs/speedrun.yaml, as it is, and the accuracy on the test images.

        Training a second time in the same process shows what of it is the GPU's start, as loading its kernels.
        """
        (first, again), test = self.fit("speedrun", "--test", "true", epochs=None, digits=("-c", TWICE))
        seconds = {"seconds": round(first["seconds"], 3), "seconds, once more": round(again["seconds"], 3)}
        return {**seconds, "test accuracy": round(test["accuracy"], 4)}

    def beside_loop(self, network: str) -> dict[str, float]:
        """Seconds to train on 55,000 images, of `digits fit` and of the hand-written loop, and their ratio."""
        loop = ("-m", "benchmarks.baselines.loop", network, "--epochs", "1" if self.smoke else str(EPOCHS))
        bf16 = () if network == "dense" else ("bf16",)  # as its config says
        how = ("--batch_size", str(BATCH_SIZES[network]), "--device", self.device)
        by_hand = run(*loop, *how, "--optimizations", "memory", "channels last", *bf16).last()["seconds per epoch"]
        own = TRAINED_ON / self.config(network)["images a second"]
        return {"digits": round(own, 3), "hand-written loop": by_hand, "ratio": round(own / by_hand, 2)}

    def measurements(self, configs: list[str], gpus: int) -> dict[str, Callable[[], dict[str, float]]]:
        """What is measured, by name, the most important first."""
        rounds = 1 if self.smoke else 3
        networks = [name for name in BATCH_SIZES if name in configs]
        every: dict[str, Callable[[], dict[str, float]]] = {
            **{f"99%, round {i + 1}": self.speedrun for i in range(rounds)},
            **{f"beside a loop, {network}": partial(self.beside_loop, network) for network in networks},
            **{f"fit, {name}, --fast false": partial(self.config, name, *PLAIN) for name in SLOWED if name in configs},
            **{f"fit, {name}": partial(self.config, name) for name in configs},
        }
        workers = str(max(1, (os.cpu_count() or 1) - 2))
        for name in AUGMENTED & {*configs}:
            every[f"fit, {name}, {workers} workers"] = partial(self.config, name, "--data.num_workers", workers)
        if gpus > 1:
            two = ("--trainer.devices", "2", "--trainer.strategy", "ddp")
            every["fit, large_cnn on 2 GPUs"] = partial(self.config, "large_cnn", *two)
        return every


def look() -> tuple[int, str]:
    """How many GPUs there are, and the name of the first, found out in a process of its own."""
    code = "import torch; n = torch.cuda.device_count(); print(n, torch.cuda.get_device_name() if n else '')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    count, _, name = found.stdout.strip().partition(" ")
    return int(count), name


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--smoke", action="store_true", help="in miniature, on a CPU; nothing is recorded")
    args = parser.parse_args()
    start = time.monotonic()
    count, device = look()
    if not args.smoke and not count:
        parser.error("there is no GPU that torch can use; --smoke tries this script on a CPU")
    configs = sorted(path.stem for path in ROOT.glob("configs/*.yaml") if path.stem not in NOT_TRAINED)
    figures: dict[str, Any] = {"device": "CPU, in miniature" if args.smoke else f"{count} × {device}"}
    name, record = ("gpu_smoke", False) if args.smoke else ("gpu", args.record)
    left_out = []
    todo = Gpu(args.smoke).measurements(["mlp", "large_cnn"] if args.smoke else configs, 0 if args.smoke else count)
    for what, measure in todo.items():
        if time.monotonic() - start > LIMIT:
            left_out.append(what)
            continue
        try:
            figures[what] = measure()
        except RuntimeError as error:  # what it printed: the others are measured all the same
            print(f"{what}: {error}", file=sys.stderr, flush=True)
            left_out.append(f"{what} (failed)")
            continue
        print(f"{what}: {figures[what]}", flush=True)
        save(name, figures, record=False)  # whatever happens to the others
    figures["minutes"] = round((time.monotonic() - start) / 60, 1)
    figures["left out"] = ", ".join(left_out)
    report(name, figures, record)
    if any(what.endswith("(failed)") for what in left_out):
        sys.exit(1)


if __name__ == "__main__":
    main()
