"""Predictions as a file."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from digits.data import Digits


class PredictionWriter(BasePredictionWriter):
    """Write one row per image, in the order of the data, whatever process predicted it.

    Columns: id (number of the image in the data), prediction, confidence (the probability of the prediction), p0 to p9
    (the probabilities), and target where the label is known.

    Args:
        path: the file to write; by default predictions.csv in the run's folder.
    """

    def __init__(self, path: str | None = None) -> None:
        super().__init__(write_interval="epoch")
        self.path = path

    def write_on_epoch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        predictions: Sequence[Tensor],
        batch_indices: Sequence[Any],
    ) -> None:
        indices = torch.tensor([i for batches in batch_indices for batch in batches for i in batch])
        parts = [(indices, torch.cat(list(predictions)).cpu())]
        if trainer.world_size > 1:
            parts = [None] * trainer.world_size  # type: ignore[list-item]
            dist.all_gather_object(parts, (indices, torch.cat(list(predictions)).cpu()))
        if trainer.is_global_zero:
            assert self.path is not None
            indices, probabilities = (torch.cat(part) for part in zip(*parts, strict=True))
            data: Digits = trainer.datamodule.predict  # type: ignore[attr-defined]
            write_csv(Path(self.path), probabilities[indices.argsort()], data.labels)


def write_csv(path: Path, probabilities: Tensor, labels: Tensor) -> None:
    """Write `path` in one go: a file of that name is whole, before and after.

    Args:
        path: the file.
        probabilities: (N, 10), each row summing to 1.
        labels: (N,), int64; -1 where it isn't known.
    """
    confidence, prediction = probabilities.max(dim=1)
    columns = [
        [str(i) for i in range(len(prediction))],
        [str(i) for i in prediction.tolist()],
        *([f"{p:.6f}" for p in column] for column in (confidence.tolist(), *probabilities.T.tolist())),
    ]
    header = ["id", "prediction", "confidence", *(f"p{i}" for i in range(probabilities.shape[1]))]
    if (labels >= 0).any():
        header.append("target")
        columns.append([str(i) if i >= 0 else "" for i in labels.tolist()])
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *zip(*columns, strict=True)])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
