"""What `validate` and `test` print and keep: the scores, a line per class, the calibration."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error, multiclass_confusion_matrix

from digits.callbacks.outcomes import OutcomeCollector
from digits.console import amount, columns, named, say, shown, warn
from digits.data import datamodule_of
from digits.data.custom_loaders import has_custom_loader
from digits.errors import InputError
from digits.metrics import BINS
from digits.records import name_of_tested, read_tests
from digits.runs import run_folder
from digits.system.files import replacing

SCORES = ("accuracy", "error", "loss", "images")


class Report(OutcomeCollector):
    """After `test`, print a line per class: how many images, how many right, and what the others were taken for.

    Below stand the expected calibration error (the mean distance between confidence and accuracy, by confidence), for
    MNIST the error without the images whose labels people found wrong, and the scores. These are kept in test.json in
    the run's folder, by the kind of data, unless only a part of the images was tested. After `validate`, print the
    scores.

    Args:
        checkpoint: the name of the file that is tested, for test.json.
    """

    def __init__(self, checkpoint: str = "") -> None:
        super().__init__()
        self.checkpoint = checkpoint
        self.calibration_error = float("nan")

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not has_custom_loader(data := datamodule_of(trainer), "test"):
            check_classes(data.classes, pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "validate" and not has_custom_loader(data := datamodule_of(trainer), "val"):
            check_classes(data.classes, pl_module)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        kept = self.collected()
        if not trainer.is_global_zero or kept is None:
            return
        logits, labels, indices = kept
        data, classes = datamodule_of(trainer), pl_module.classes
        right, n = logits.argmax(dim=1) == labels, len(classes)  # type: ignore[arg-type]
        say(class_table(multiclass_confusion_matrix(logits, labels, n), classes, columns()))  # type: ignore[arg-type]
        self.calibration_error = float(multiclass_calibration_error(logits.softmax(dim=1), labels, n, BINS))
        say(f"Expected calibration error {self.calibration_error:.2%}, temperature {pl_module.temperature:.2f}")
        if not has_custom_loader(data, "test") and data.wrong_labels:
            trusted = ~indices.unsqueeze(1).eq(indices.new_tensor(data.wrong_labels)).any(dim=1)
            error = 1 - right[trusted].float().mean()
            say(f"Error without the {len(data.wrong_labels)} wrong labels that are known: {error:.2%}")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        folder = run_folder(trainer)
        if trainer.is_global_zero and folder is not None:
            if has_scores(trainer.callback_metrics, "test"):
                self.keep_scores(trainer, folder / "test.json")
            if folder.is_dir() and any(folder.iterdir()):
                say(f"The test's files: {shown(folder)}")
        say(score_line(trainer, "test"))

    def keep_scores(self, trainer: Trainer, path: Path) -> None:
        """Write the scores into test.json, unless only a part of the images was tested."""
        data, metrics = datamodule_of(trainer), trainer.callback_metrics
        is_custom = has_custom_loader(data, "test")
        if trainer.limit_test_batches != 1 if is_custom else metrics["test/images"] < len(data.test):
            what = "stays as it was" if path.exists() else "is not written"
            say(f"Not all images were tested: {path.name} {what}.")
            return
        scores = {name: float(metrics[f"test/{name}"]) for name in SCORES}
        scores["calibration_error"] = self.calibration_error
        name = name_of_tested(type(data).__name__, getattr(data, "hparams", {}))
        known = read_tests(path) | {name: {**scores, "checkpoint": self.checkpoint}}
        with replacing(path) as file:
            json.dump(known, file, indent=2)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "validate":
            say(score_line(trainer, "val"))


def check_classes(classes: Sequence[str], network: Any) -> None:
    """Warn where images of these classes are scored by a network that calls its own by other names.

    Raises:
        InputError: it has another number of classes.
    """
    if tuple(network.classes) == tuple(classes):
        return
    told = f"the network tells {named(network.classes)} apart, but the images are of {named(classes)}"
    if len(network.classes) != len(classes):
        raise InputError(f"{told}: give the --data that it is for")
    warn(told)


def has_scores(metrics: Mapping[str, Tensor], stage: str) -> bool:
    """Whether the network logs the scores of a `Classifier`; a custom step may log others."""
    return all(f"{stage}/{name}" in metrics for name in SCORES)


def score_line(trainer: Trainer, stage: str) -> str:
    """The scores of "val" or "test" in a line, two or three on a narrow terminal; or whatever else the network logs."""
    metrics, what = trainer.callback_metrics, "Validation" if stage == "val" else "Test"
    if not has_scores(metrics, stage):
        logged = ", ".join(f"{name} {float(value):.4f}" for name, value in metrics.items())
        return f"{what}: {logged or 'the network logs nothing'}"
    key = f"{stage}/loss_before_calibration"
    before = f" (before calibration {metrics[key]:.4f})" if key in metrics else ""
    line = (
        f"{what} accuracy {metrics[f'{stage}/accuracy']:.2%}, "
        f"error {metrics[f'{stage}/error']:.2%}, loss {metrics[f'{stage}/loss']:.4f}{before}, "
        f"on {amount(int(metrics[f'{stage}/images']), 'image')}"
    )
    for word in ("on", "(before"):
        if (width := columns()) is not None and len(line.partition("\n")[0]) >= width:
            line = line.replace(f" {word}", f"\n{word}")
    return line


def class_table(matrix: Tensor, classes: Sequence[str], columns: int | None = None) -> str:
    """A table of the classes that occur.

    Args:
        matrix: (classes, classes), counts; a row for each true class, a column for each predicted one.
        classes: their names.
        columns: of the terminal, which a line must not fill; None cuts nothing.
    """
    width = max(5, *map(len, classes))
    lines = [f"{'class':>{width}}  images  accuracy  taken for"]
    for name, row, label in zip(classes, matrix.tolist(), range(len(matrix)), strict=True):
        if total := sum(row):
            wrong = sorted(
                ((n, i) for i, n in enumerate(row) if n and i != label), key=lambda pair: (-pair[0], pair[1])
            )
            others = ", ".join(f"{classes[i]} ×{n}" for n, i in wrong)
            line = f"{name:>{width}}  {total:>6,}  {row[label] / total:>8.2%}  {others}".rstrip()
            if columns is not None and len(line) >= columns:
                line = line[: columns - 3].rpartition(",")[0] + ", …"
            lines.append(line)
    return "\n".join(lines)
