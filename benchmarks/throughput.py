"""How many images a second `digits predict` reads, predicts and writes, from start to end of the process.

python -m benchmarks.throughput --ckpt_path A.ckpt

MNIST's 10,000 test images, once as they come with the package and once as 10,000 PNG files, in turn.
"""

import statistics
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.process import Run, run
from benchmarks.record import make_parser, report
from digits.data import MNISTDataModule


def summary(what: str, runs: list[Run]) -> dict[str, float | None]:
    """Medians over the rounds."""
    seconds = statistics.median(one.seconds for one in runs)
    return {
        "seconds": round(seconds, 2),
        "processor seconds": round(statistics.median(one.cpu_seconds for one in runs), 2),
        "images a second": round(10_000 / seconds) if "10,000" in what else None,
    }


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
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
        predict = ["-m", "digits", "predict", "--ckpt_path", args.ckpt_path]
        predict += ["--predictions.path", f"{name}/predictions.csv"]
        commands = {
            "start alone": ["-m", "digits", "predict", "--help"],
            "10,000 of MNIST": predict,
            "10,000 PNG files": [*predict, "--data", "ImageDataModule", "--data.path", str(folder)],
        }
        runs: dict[str, list[Run]] = {what: [] for what in commands}
        for _ in range(args.rounds):
            for what, command in commands.items():
                runs[what].append(run(*command))
    report("throughput", {what: summary(what, done) for what, done in runs.items()}, args.record)


if __name__ == "__main__":
    main()
