"""What a test says about each class, and about its own figures."""

from collections.abc import Sequence

from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error, multiclass_confusion_matrix

from digits.callbacks.outcomes import OutcomeCollector
from digits.data import datamodule_of
from digits.metrics import BINS


class Report(OutcomeCollector):
    """After `test`, print a line per class: how many images, how many right, and what the others were taken for.

    Below stand the expected calibration error (the mean distance between confidence and accuracy, by confidence) and,
    for MNIST, the error without the images whose labels people found wrong.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calibration_error = float("nan")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        logits, labels, indices = self.outcomes.compute()
        if not trainer.is_global_zero or not len(labels):
            return
        data = datamodule_of(trainer)
        right, n = logits.argmax(dim=1) == labels, len(data.classes)
        print(class_table(multiclass_confusion_matrix(logits, labels, n), data.classes))
        self.calibration_error = float(multiclass_calibration_error(logits.softmax(dim=1), labels, n, BINS))
        print(f"Expected calibration error {self.calibration_error:.2%}, temperature {pl_module.temperature:.2f}")
        if data.wrong_labels:
            trusted = ~indices.unsqueeze(1).eq(indices.new_tensor(data.wrong_labels)).any(dim=1)
            error = 1 - right[trusted].float().mean()
            print(f"Error without the {len(data.wrong_labels)} wrong labels that are known: {error:.2%}")


def class_table(matrix: Tensor, classes: Sequence[str]) -> str:
    """A table of the classes that occur.

    Args:
        matrix: (classes, classes), counts; a row for each true class, a column for each predicted one.
        classes: their names.
    """
    width = max(5, *map(len, classes))
    lines = [f"{'class':>{width}}  images  accuracy  taken for"]
    for name, row, label in zip(classes, matrix.tolist(), range(len(matrix)), strict=True):
        if total := sum(row):
            wrong = sorted(
                ((n, i) for i, n in enumerate(row) if n and i != label), key=lambda pair: (-pair[0], pair[1])
            )
            others = ", ".join(f"{classes[i]} ×{n}" for n, i in wrong)
            lines.append(f"{name:>{width}}  {total:>6,}  {row[label] / total:>8.2%}  {others}".rstrip())
    return "\n".join(lines)
