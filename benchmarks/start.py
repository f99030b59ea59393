"""How long commands take to start, beside `python -c "import torch"`, which most of them can't do without.

python -m benchmarks.start

Each is run in turn, several times over, with small inputs: wall time and processor time, and how many times as much as
`import torch` took in the same round. `fit` is measured up to its first step.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.process import Run, run
from benchmarks.record import ROOT, make_parser, report

TORCH = "import torch"
LOAD = "from digits import load; load('pretrained').predict('photo.png')"
# `fit` ends as soon as its first step is done.
FIRST_STEP = """
import os
from lightning.pytorch.callbacks import LearningRateMonitor
LearningRateMonitor.on_train_batch_end = lambda *args: os._exit(0)
from digits.__main__ import main
main(["fit", "--config", "{config}"])
"""


def commands(folder: Path) -> dict[str, tuple[str, ...]]:
    """What is measured, by name."""
    photo = str(folder / "photo.png")
    image = Image.new("L", (280, 280), 255)
    image.paste(0, (130, 60, 150, 220))  # a 1
    image.save(photo)
    return {
        TORCH: ("-c", TORCH),
        "digits --help": ("-m", "digits", "--help"),
        "digits predict photo.png": ("-m", "digits", "predict", photo),
        "digits.load(...).predict(...)": ("-c", LOAD.replace("photo.png", photo)),
        "digits fit, to its first step": ("-c", FIRST_STEP.format(config=ROOT / "configs/mlp.yaml")),
        "import lightning.pytorch": ("-c", "import lightning.pytorch"),
    }


def summary(runs: dict[str, list[Run]]) -> dict[str, dict[str, Any]]:
    """Medians of each command, and of its ratios to `import torch` in the same round."""
    figures = {}
    for name, rounds in runs.items():
        pairs = list(zip(rounds, runs[TORCH], strict=True))
        figures[name] = {
            "seconds": round(statistics.median(one.seconds for one in rounds), 2),
            "processor seconds": round(statistics.median(one.cpu_seconds for one in rounds), 2),
            "times import torch": round(statistics.median(own.seconds / torch.seconds for own, torch in pairs), 2),
            "times its processor time": round(
                statistics.median(own.cpu_seconds / torch.cpu_seconds for own, torch in pairs), 2
            ),
        }
    return figures


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = commands(Path(folder))
        runs: dict[str, list[Run]] = {name: [] for name in every}
        for _ in range(1 + args.rounds):  # the first one fills the system's cache of files
            for name, command in every.items():
                runs[name].append(run(*command, cwd=folder))
    report("start", summary({name: rounds[1:] for name, rounds in runs.items()}), args.record)


if __name__ == "__main__":
    main()
