"""The figures of each epoch, as a file and on TensorBoard."""

import csv
import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.callbacks.summary_writers import summary_writers
from digits.runs import run_folder
from digits.system.files import replacing

FIGURES = ("loss", "accuracy", "error")  # of training and validation


class Epochs(Callback):
    """Keep a row of figures per epoch: loss, accuracy and error, learning rate, seconds, images per second.

    The file is metrics.csv in the run's folder.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.before = 0.0  # seconds of the epoch that is resumed
        self.start_epoch()

    def start_epoch(self) -> None:
        self.epoch_start = time.monotonic()
        self.validated = False
        self.seconds: float | None = None  # of training, once it ends with a validation

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start_epoch()
        self.epoch_start -= self.before

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start_epoch()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any) -> None:
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]
        if every and trainer.global_step % every == 0 and "loss" in outputs:  # or the network skipped this step
            for writer in summary_writers(trainer):
                writer.add_scalar("train/loss_step", outputs["loss"], trainer.global_step)

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = True
        if trainer.is_last_batch:
            self.seconds = time.monotonic() - self.epoch_start

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        row = self.row_of(trainer, pl_module.train_scores)
        self.rows.append(row)
        if not trainer.is_global_zero:
            return
        for writer in summary_writers(trainer):
            for key, value in row.items():
                if key == "images_per_second":
                    writer.add_scalar(key, value, trainer.global_step)
                elif "/" in key:
                    writer.add_scalar(f"by_epoch/{key.replace('/', '_')}", value, row["epoch"])
        if (folder := run_folder(trainer)) is not None:
            longest = max(self.rows, key=len)
            with replacing(folder / "metrics.csv") as file:
                table = csv.DictWriter(file, list(longest), restval="", lineterminator="\n")
                table.writeheader()
                table.writerows(self.rows)

    def row_of(self, trainer: Trainer, metric: Any) -> dict[str, float]:
        """The figures of the epoch, `metric` being the scores of training, over all processes."""
        seconds = time.monotonic() - self.epoch_start if self.seconds is None else self.seconds
        scores = metric.compute() if metric.update_called else {}  # a custom step may keep none
        row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step, "seconds": round(seconds, 3)}
        if scores:
            row["images_per_second"] = round(float(scores["images"]) / seconds)
        if (rate := learning_rate(trainer)) is not None:
            row["lr"] = rate
        if scores:
            row |= {f"train/{name}": float(scores[name]) for name in FIGURES}
        if self.validated:
            scored = {f"val/{name}" for name in FIGURES}
            row |= {name: float(value) for name, value in trainer.callback_metrics.items() if name in scored}
        return row

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows, "seconds": time.monotonic() - self.epoch_start}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows, self.before = state_dict["rows"], state_dict.get("seconds", 0.0)


def learning_rate(trainer: Trainer) -> float | None:
    """That of the first parameters of the first optimizer; None where there is none."""
    groups = [group for optimizer in trainer.optimizers for group in optimizer.param_groups]
    return groups[0]["lr"] if groups else None
