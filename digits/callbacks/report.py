"""What a test says about each class."""

from collections.abc import Sequence
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix

from digits.models import CLASSES


class ClassReport(Callback):
    """After `test`, print a line per class: how many images, how many right, and what the others were taken for."""

    def __init__(self) -> None:
        self.confusion = MulticlassConfusionMatrix(CLASSES, validate_args=False)

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.confusion.to(pl_module.device).reset()

    def on_test_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        self.confusion.update(outputs, batch[1])

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        matrix = self.confusion.compute()  # of all processes
        if trainer.is_global_zero:
            print(class_table(matrix, trainer.datamodule.classes))  # type: ignore[attr-defined]


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
