"""MNIST as CSV files in Kaggle's form, and the time and memory that reading the large one takes.

python -m benchmarks.csv_reading csv

Writes train.csv (60,000 rows with labels, Kaggle's header), test.csv (10,000 without) and mnist_test.csv (those with
labels, mnist-in-csv's header) into the folder. The reading is timed in a process of its own.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.record import make_parser, report
from digits.data import Digits, MNISTDataModule

# The peak is read from /proc: getrusage counts the parent's, from before this program replaced it.
READ = """
import re, sys, time
from pathlib import Path
from digits.data.csv import read_csv
def peak():
    return re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
before, start = peak(), time.monotonic()
images, labels = read_csv(Path(sys.argv[1]))
print(len(images), time.monotonic() - start, before, peak())
"""


def write(path: Path, data: Digits, names: list[str], labelled: bool) -> None:
    """Write images, and their labels if wanted, row by row."""
    table = data.images.reshape(len(data), -1).numpy()
    if labelled:
        table, names = np.column_stack([data.labels.numpy(), table]), ["label", *names]
    np.savetxt(path, table, fmt="%d", delimiter=",", header=",".join(names), comments="")


def main() -> None:
    """Write the files, measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("folder", type=Path, help="where the files go")
    args = parser.parse_args()
    folder: Path = args.folder
    folder.mkdir(parents=True, exist_ok=True)
    data = MNISTDataModule(val_size=0)
    data.setup("fit")
    data.setup("test")
    kaggle = [f"pixel{i}" for i in range(784)]
    write(folder / "train.csv", data.train.first(len(data.train)), kaggle, labelled=True)
    write(folder / "test.csv", data.test, kaggle, labelled=False)
    write(folder / "mnist_test.csv", data.test, [f"{i}x{j}" for i in range(1, 29) for j in range(1, 29)], labelled=True)
    runs = [
        subprocess.run([sys.executable, "-c", READ, folder / "train.csv"], check=True, capture_output=True, text=True)
        for _ in range(5)
    ]
    rows, seconds, before, peak = np.median([list(map(float, run.stdout.split())) for run in runs], axis=0)
    figures = {
        "rows": int(rows),
        "megabytes of the file": round((folder / "train.csv").stat().st_size / 1e6),
        "seconds to read": round(float(seconds), 2),
        "peak memory in megabytes": round(float(peak) * 1024 / 1e6),
        "of which before reading": round(float(before) * 1024 / 1e6),
    }
    report("csv_reading", figures, args.record)


if __name__ == "__main__":
    main()
