"""Predictions as a file, and as a picture."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.distributed as dist
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from digits.callbacks.boards import boards
from digits.callbacks.files import with_replacement
from digits.callbacks.pictures import contact_sheet, readings
from digits.data import Digits, DigitsDataModule
from digits.photos import Place

UNSURE = 0.9  # below this confidence, the note says so; 98 to 99% of MNIST's validation images are above


class PredictionWriter(BasePredictionWriter):
    """Write one row per image, in the order of the data, whatever process predicted it.

    The columns of `csv`: id (the number of the image in the data, or the name of its file), prediction, confidence (the
    probability of the prediction), p0 to p9 (the probabilities), target where labels are known, for picture files note:
    why there is no prediction, or that it is unsure; and for pictures of several digits, each of which has a row, its
    line and its box in pixels: line, left, top, width, height. `kaggle` is ImageId, from 1, and Label.

    Args:
        path: the file to write; by default predictions.csv in the run's folder.
        format: csv, or kaggle for a submission to Kaggle's Digit Recognizer.
        picture: a PNG file to write, too: each image as it was, as the network sees it, and the prediction.
    """

    def __init__(
        self, path: str | None = None, format: Literal["csv", "kaggle"] = "csv", picture: str | None = None
    ) -> None:
        super().__init__(write_interval="epoch")
        self.path = path
        self.format = format
        self.picture = picture
        self.numbers: dict[str, str] = {}

    def write_on_epoch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        predictions: Sequence[Tensor],
        batch_indices: Sequence[Any],
    ) -> None:
        indices = torch.tensor([i for batches in batch_indices for batch in batches for i in batch])
        mine = (indices, torch.cat(list(predictions)).cpu())
        parts = [mine] * trainer.world_size
        if trainer.world_size > 1:
            dist.all_gather_object(parts, mine)
        if trainer.is_global_zero:
            assert self.path is not None
            indices, probabilities = (torch.cat(part) for part in zip(*parts, strict=True))
            self.write(trainer, probabilities[indices.argsort()])

    def write(self, trainer: Trainer, probabilities: Tensor) -> None:
        """Write the files from the probabilities of all images, (N, 10)."""
        source: DigitsDataModule = trainer.datamodule  # type: ignore[attr-defined]
        rows = kaggle_rows if self.format == "kaggle" else csv_rows
        with_replacement(
            Path(self.path or ""),
            lambda file: csv.writer(file, lineterminator="\n").writerows(rows(probabilities, source.predict)),
        )
        self.numbers = numbers(probabilities, source.predict) if source.predict.places is not None else {}
        if self.picture is not None:
            draw = contact_sheet if source.predict.places is None else readings
            sheet = draw(source, probabilities)
            Path(self.picture).parent.mkdir(parents=True, exist_ok=True)
            sheet.save(self.picture)
            for board in boards(trainer):
                board.add_image("predictions", np.asarray(sheet), dataformats="HWC")


def csv_rows(probabilities: Tensor, data: Digits) -> Iterable[Sequence[str]]:
    """The header and a row per image; where there is nothing to predict, only id, target and note are given."""
    confidence, prediction = probabilities.max(dim=1)
    known = (data.labels >= 0).any()
    names = ["id", "prediction", "confidence", *(f"p{i}" for i in range(probabilities.shape[1]))]
    names += ["target"] * bool(known) + ["note"] * (data.notes is not None)
    yield [*names, *(Place._fields if data.places is not None else ())]
    table = zip(data.ids, prediction.tolist(), confidence.tolist(), probabilities.tolist(), strict=True)
    for i, (name, label, sure, row) in enumerate(table):
        note = data.notes[i] if data.notes is not None else ""
        values = [str(label), *(f"{p:.6f}" for p in (sure, *row))] if not note else [""] * (2 + len(row))
        target = [str(t) if (t := int(data.labels[i])) >= 0 else ""] if known else []
        notes = [note or ("unsure" if sure < UNSURE else "")] if data.notes is not None else []
        place = [str(n) for n in data.places[i]] if data.places is not None else []
        yield [str(name), *values, *target, *notes, *place]


def numbers(probabilities: Tensor, data: Digits) -> dict[str, str]:
    """What pictures of several digits say: a line of digits for each of theirs, "?" for what is none."""
    assert data.places is not None
    said: dict[str, str] = {}
    last: tuple[str, int] | None = None
    for i, label in enumerate(probabilities.argmax(dim=1).tolist()):
        name = str(data.ids[i])
        between = " " if last is not None and last[0] == name and last[1] != data.places[i].line else ""
        said[name] = said.get(name, "") + between + ("?" if data.notes and data.notes[i] else str(label))
        last = name, data.places[i].line
    return said


def kaggle_rows(probabilities: Tensor, data: Digits) -> Iterable[Sequence[str]]:
    """What Kaggle's Digit Recognizer takes as a submission."""
    yield ["ImageId", "Label"]
    for i, label in enumerate(probabilities.argmax(dim=1).tolist(), start=1):
        yield [str(i), str(label)]
