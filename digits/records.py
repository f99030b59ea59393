"""What a run's folder says of the run: how far it came, and how well it does. Imports nothing that takes time."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

OFFICIAL = "MNISTDataModule"  # has official test images
MIXED = {"dataset": "MNIST", "val_size": 5000, "split_seed": 0}  # what MixedDataModule validates on
PARTIAL = ("limit_train_batches", "limit_val_batches", "overfit_batches")  # of the Trainer's options
PART = "* of a run on a part of the images: limit_train_batches, limit_val_batches or overfit_batches of --trainer"


@dataclass(frozen=True)
class RunRecord:
    """What is known of a run; see `read`.

    Args:
        folder: of the run.
        epochs: the rows of its metrics.csv, one per epoch.
        tests: what `test` said, by the name of the images; see `name_of_tested`.
    """

    folder: Path
    epochs: list[dict[str, float]]
    tests: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "RunRecord":
        """Read what a run has written so far; what is missing or damaged is unknown."""
        return cls(folder, read_metrics(folder / "metrics.csv"), read_tests(folder / "test.json"))

    @cached_property
    def config(self) -> dict[str, Any]:
        """The run's configuration, which takes much longer to read than the rest."""
        return read_config(self.folder / "config.yaml")

    @property
    def trainer(self) -> dict[str, Any]:
        """The Trainer's options."""
        return section(self.config, "trainer")

    @property
    def data(self) -> dict[str, Any]:
        """The settings of its images; of own ones mixed with MNIST's, those of the images that it was validated on."""
        data = section(self.config, "data")
        is_mixed = str(data.get("class_path", "")).endswith(".MixedDataModule")
        return MIXED if is_mixed else section(data, "init_args")

    @property
    def test(self) -> dict[str, Any] | None:
        """What `test` said on the official test images of what it was trained on, or else MNIST's; None if nothing."""
        found = (self.tests.get(name_of_tested(OFFICIAL, settings)) for settings in (self.data, {}))
        return next((one for one in found if isinstance(one, dict) and isinstance(one.get("error"), float)), None)

    @property
    def source(self) -> str:
        """What it was trained and validated on, such as `FashionMNIST`; "" where its configuration does not say so."""
        settings, kind = self.data, str(section(self.config, "data").get("class_path", "")).rpartition(".")[2]
        of = settings.get("dataset") or settings.get("train") or settings.get("path") or kind.removesuffix("DataModule")
        return " ".join(map(str, of)) if isinstance(of, list) else str(of)

    @property
    def validated_on(self) -> str:
        """Which of these images were kept for validation."""
        return ", ".join(f"{name} {self.data[name]}" for name in ("val_size", "split_seed") if name in self.data)

    @property
    def planned(self) -> int | None:
        """The epochs that it was to train for; None where its configuration does not say so."""
        epochs = self.trainer.get("max_epochs")
        return epochs if isinstance(epochs, int) and epochs > 0 else None

    @property
    def partial(self) -> bool:
        """Whether it trained or validated on a part of the images only."""
        return any(is_part(self.trainer.get(name)) for name in PARTIAL)

    @property
    def name(self) -> str:
        """The last two parts of the folder: `large_cnn/version_0`."""
        return "/".join(self.folder.parts[-2:])

    @property
    def minutes(self) -> float:
        """Minutes of training."""
        return sum(row.get("seconds", 0) for row in self.epochs) / 60

    @property
    def error(self) -> float | None:
        """The lowest validation error of an epoch, 0 to 1; None if it did not validate."""
        return min((row["val/error"] for row in self.epochs if "val/error" in row), default=None)

    @property
    def error_text(self) -> str:
        """The validation error as tables show it, with a star on a part of the images; "" if it did not validate."""
        return "" if self.error is None else f"{self.error:.2%}{'*' if self.partial else ''}"

    @property
    def test_text(self) -> str:
        """The error on the official test images as tables show it; "" if it was not tested."""
        return f"{self.test['error']:.2%}" if self.test else ""

    @property
    def progress(self) -> str:
        """`3 of 10` epochs; `10` where all are done, or none were planned, and `3` where max_steps ended it there."""
        done, most = len(self.epochs), self.trainer.get("max_steps")
        all_steps = isinstance(most, int) and 0 < most <= max((row.get("step", 0) for row in self.epochs), default=0)
        return f"{done} of {self.planned}" if self.planned and done < self.planned and not all_steps else f"{done}"


def is_part(limit: Any) -> bool:
    """Whether a limit of the Trainer leaves some batches, but not all: 1.0 are all, and 1 is a single one."""
    return bool(limit) and not (limit == 1 and isinstance(limit, float))


def read_config(path: Path) -> dict[str, Any]:
    """A run's configuration; empty where it has none, or none that can be read."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    return config if isinstance(config, dict) else {}


def section(config: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of a configuration; empty where it has none."""
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The rows of a run's metrics.csv; none if it has none, or is damaged."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
    except (OSError, ValueError, TypeError, csv.Error):
        return []
    return rows if all("epoch" in row for row in rows) else []  # those of a logger have other columns


def read_tests(path: Path) -> dict[str, Any]:
    """What `test` said of a run; empty where it was not run, or the file is damaged."""
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return scores if isinstance(scores, dict) else {}


def name_of_tested(kind: str, settings: Mapping[str, Any]) -> str:
    """What test.json calls images: the class of their source, and which set or folder it is where that is not MNIST.

    Args:
        kind: the class.
        settings: its arguments.
    """
    dataset, folder = settings.get("dataset"), settings.get("data_dir")
    others = [str(one) for one in (dataset, folder) if one not in (None, "MNIST")]
    return " ".join([kind, *others]) if kind == OFFICIAL else kind
