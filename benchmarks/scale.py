"""Time and memory as the training set grows, and two processes beside one.

python -m benchmarks.scale

MNIST's training images repeated 1, 10 and 100 times (47 MB, 470 MB, 4.7 GB), trained with configs/mlp.yaml; then
configs/large_cnn.yaml on one process and on two (DistributedDataParallel, gloo) with half the batch each.
"""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.process import run
from benchmarks.record import ROOT, make_parser, report
from digits.records import read_metrics


def fit(folder: Path, *options: str) -> tuple[float, float]:
    """Seconds of the last epoch, training alone, and the peak memory of the process in megabytes."""
    result = run("-m", "digits", "fit", *options, "--trainer.default_root_dir", folder)
    newest = max((folder / "lightning_logs").glob("*/version_*"), key=lambda path: path.stat().st_ctime)
    return read_metrics(newest / "metrics.csv")[-1]["seconds"], result.memory


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--times", type=int, nargs="*", default=[1, 10, 100])
    args = parser.parse_args()
    figures: dict[str, Any] = {"images": {}}
    with tempfile.TemporaryDirectory() as name:
        for times in args.times:
            options = ("--config", str(ROOT / "configs/mlp.yaml"), "--data", "benchmarks.repeated_mnist.RepeatedMNIST")
            seconds, memory = fit(Path(name), *options, "--data.times", str(times), "--trainer.max_epochs", "2")
            row = {"seconds per epoch": round(seconds, 2), "peak memory in megabytes": round(memory)}
            figures["images"][f"{60_000 * times:,}"] = row
            print(f"{60_000 * times:,}", row, flush=True)
        options = ("--config", str(ROOT / "configs/large_cnn.yaml"), "--trainer.max_epochs", "4")
        two = ("--trainer.devices", "2", "--trainer.strategy", "ddp", "--trainer.accelerator", "cpu")
        one, _ = fit(Path(name), *options)
        both, _ = fit(Path(name), *options, *two, "--data.batch_size", "100")
        figures["processes, seconds per epoch"] = {"1": round(one, 2), "2": round(both, 2)}
    report("scale", figures, args.record)


if __name__ == "__main__":
    main()
