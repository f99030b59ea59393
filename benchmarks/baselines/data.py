"""MNIST for the baselines, split as `digits` splits it, since torch and TensorFlow do not run well in one process.

python -m benchmarks.baselines.data FOLDER

Writes FOLDER/mnist.npz, for Keras; FOLDER/MNIST/raw, for torchvision; and FOLDER/60000, an IDX test set of the 60,000.
"""

import gzip
import shutil
import sys
from pathlib import Path

import numpy as np

from digits.data import MNISTDataModule
from digits.data.mnist import BUNDLED


def main() -> None:
    """Write the files."""
    folder = Path(sys.argv[1])
    data = MNISTDataModule()
    data.setup("fit")
    data.setup("test")
    arrays: dict[str, np.ndarray] = {}
    for split in ("train", "val", "test"):
        digits = data.train.first(len(data.train)) if split == "train" else getattr(data, split)
        arrays |= {f"{split}_images": digits.images.numpy(), f"{split}_labels": digits.labels.numpy()}
    np.savez(folder / "mnist.npz", **arrays)  # type: ignore[arg-type]
    raw, many = folder / "MNIST" / "raw", folder / "60000"
    raw.mkdir(parents=True)
    many.mkdir()
    for path in BUNDLED.glob("*.gz"):
        shutil.copy(path, raw)
        with gzip.open(path) as packed:
            (raw / path.stem).write_bytes(packed.read())
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        for name in ("train", "t10k"):
            shutil.copy(raw / f"train-{kind}", many / f"{name}-{kind}")


if __name__ == "__main__":
    main()
