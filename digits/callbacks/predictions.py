"""Predictions as a file, and as a picture."""

import contextlib
import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.distributed as dist
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from digits.callbacks.outcomes import classes_of, is_one_each
from digits.callbacks.summary_writers import summary_writers
from digits.console import say, shown
from digits.data import Digits, datamodule_of
from digits.data.dataset import Batch
from digits.data.page import DigitBox
from digits.data.text import as_text
from digits.doubt import NOT_A_DIGIT, Doubt
from digits.errors import InputError
from digits.files import (
    copy_into,
    is_stream,
    part_of,
    remove_dead_parts,
    replacing,
    save_picture,
    take_place,
    writing,
)
from digits.plots import plot_pages, plot_predictions


class PredictionWriter(Callback):
    """Write one row per image, in the order of the data, whatever process predicted it.

    The columns of `csv`: id (the number of the image in the data, or the name of its file), prediction, confidence (the
    probability of the prediction), p0 to p9 (the probabilities), target where labels are known, for picture files note:
    why there is no prediction, or that it is to be doubted (see digits/doubt.py); and for pictures of several digits,
    each of which has a row, its line and its box in pixels: line, left, top, width, height. `kaggle` is ImageId, from
    1, and Label.

    Rows are written batch by batch, each process to a file of its own, which are then put together.

    Args:
        path: the file to write; by default predictions.csv in the run's folder, or predictions_partial.csv if not all
            images are predicted.
        format: csv, or kaggle for a submission to Kaggle's Digit Recognizer.
        picture: a PNG file to write, too: each image as it was, as the network sees it, and the prediction.
    """

    def __init__(
        self, path: str | None = None, format: Literal["csv", "kaggle"] = "csv", picture: str | None = None
    ) -> None:
        self.path = path
        self.format = format
        self.picture = picture
        self.numbers: dict[str, str] = {}
        self.part: Path | None = None
        self.start = time.monotonic()

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module = datamodule_of(trainer)
        if len(trainer.num_predict_batches) > 1:
            raise InputError("predict writes the images of one loader, but predict_dataloader returns several")
        most = sum(trainer.num_predict_batches) * trainer.world_size * module.eval_batch_size
        partial = most < len(module.predict)
        if partial:  # --trainer.limit_predict_batches, --trainer.fast_dev_run
            module.predict = module.predict.subset(torch.arange(most))
        default = Path(trainer.default_root_dir) / ("predictions_partial.csv" if partial else "predictions.csv")
        self.path = trainer.strategy.broadcast(self.path or str(default))
        path, data = Path(self.path), module.predict
        self.n = 0  # images so far, of this process
        self.lengths: list[int] = []  # of each batch, in bytes
        self.kept: list[Tensor] = []  # the probabilities, where they are drawn
        with writing(path):
            part = part_of(path, f"rank{trainer.global_rank}")
            part.parent.mkdir(parents=True, exist_ok=True)
            remove_dead_parts(path)
            self.file = part.open("wb")
            self.part = part
        if trainer.is_global_zero:
            header = csv_header(
                len(module.classes), target=data.has_labels, note=data.notes is not None, box=data.places is not None
            )
            self.write([kaggle_header() if self.format == "kaggle" else header])
            self.lengths.clear()

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, *args: Any
    ) -> None:
        classes, probabilities = predicted(outputs, batch[0], len(pl_module.classes))  # type: ignore[arg-type]
        data = datamodule_of(trainer).predict
        here = range(self.n, self.n + len(probabilities))  # a loader of one's own goes in order
        self.n += len(probabilities)
        indices = batch.indices.tolist() if isinstance(batch, Batch) else here
        kaggle = self.format == "kaggle"
        doubt: Doubt = getattr(pl_module, "doubt", Doubt())
        rows = kaggle_rows(indices, classes) if kaggle else csv_rows(indices, classes, probabilities, data, doubt)
        self.write(rows)
        if self.picture is not None or data.places is not None:
            if probabilities.isnan().any():
                raise InputError("pictures of predictions need a predict_step that returns probabilities, (N, K)")
            self.kept.append(probabilities)

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Add rows to this process's file."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        data = text.getvalue().encode("utf-8", "surrogateescape")
        with writing(Path(self.path or "")):
            self.lengths.append(self.file.write(data))

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.path is not None
        assert self.part is not None
        path = Path(self.path)
        with writing(path):
            self.file.close()
        parts = [(self.part, self.lengths, self.kept)]
        if trainer.world_size > 1:
            gathered: Any = [None] * trainer.world_size if trainer.is_global_zero else None
            dist.gather_object(parts[0], gathered)
            parts = gathered
        if trainer.is_global_zero:
            with writing(path):
                if len(parts) == 1 and is_stream(path):
                    copy_into(path, self.part)
                elif len(parts) == 1:
                    take_place(self.part, path)
                else:
                    merge([(part, lengths) for part, lengths, _ in parts], path)
            batches = [batch for step in zip(*(kept for *_, kept in parts), strict=True) for batch in step]
            if batches:
                self.draw(trainer, torch.cat(batches))
        trainer.strategy.barrier()
        self.part.unlink(missing_ok=True)
        self.report(datamodule_of(trainer).predict)

    def report(self, data: Digits) -> None:
        """Print how many images were predicted, and where the predictions are."""
        n, notes, unreadable = len(data), data.notes or [], data.unreadable
        if notes:
            without = sum(map(bool, notes)) - unreadable
            counts = {"predicted": n - unreadable - without, "without a digit": without, "unreadable": unreadable}
            what = "pictures" if data.places is None else f"digits in {len(set(data.ids)):,} pictures"
            say(f"{n:,} {what}: {', '.join(f'{number:,} {how}' for how, number in counts.items() if number)}")
        seconds = time.monotonic() - self.start
        say(f"Read, predicted and written: {n:,} images in {seconds:.2f} s, {n / seconds:,.0f} a second")
        for name, number in list(self.numbers.items())[:20]:
            say(f"Read: {name}:{beside(number)}")
        say(f"Predictions: {shown(Path(self.path or ''))}")
        if self.picture:
            say(f"Picture: {self.picture}")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if self.part is not None:
            with contextlib.suppress(OSError):  # what it could not write before it can't now
                self.file.close()
            self.part.unlink(missing_ok=True)

    def draw(self, trainer: Trainer, probabilities: Tensor) -> None:
        """Make what shows all images at once, from their probabilities, (N, K)."""
        data = datamodule_of(trainer)
        doubt: Doubt = getattr(trainer.lightning_module, "doubt", Doubt())
        self.numbers = numbers(probabilities, data.predict, doubt) if data.predict.places is not None else {}
        if self.picture is not None:
            plot = plot_predictions if data.predict.places is None else partial(plot_pages, doubt=doubt)
            sheet = plot(data.predict, data.original, probabilities, classes_of(trainer))
            save_picture(Path(self.picture), sheet)
            for writer in summary_writers(trainer):
                writer.add_image("predictions", np.asarray(sheet), dataformats="HWC")


def predicted(outputs: Any, images: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """What predict_step returned for N images: classes, (N,), and probabilities, (N, K), NaN where it gave classes.

    Raises:
        InputError: it is neither.
    """
    if is_one_each(outputs, images, 2):
        return outputs.argmax(dim=1).cpu(), outputs.float().cpu()
    if is_one_each(outputs, images, 1) and not outputs.is_floating_point():
        return outputs.cpu(), torch.full((len(outputs), number), torch.nan)
    raise InputError("predict_step must return probabilities, (N, K), or classes, (N,), for each batch of N images")


def merge(parts: Sequence[tuple[Path, Sequence[int]]], path: Path) -> None:
    """Put together the files of several processes, which predicted the batches in turn.

    Args:
        parts: the file of each process, and the length in bytes of each of its batches; before the first one, the
            first file has the header.
        path: the file to make of them.
    """
    try:
        files = [part.open("rb") for part, _ in parts]
    except FileNotFoundError as error:
        raise InputError(
            f"{error.filename} of another process is not there: processes on several machines need a folder that "
            "they share, see --predictions.path"
        ) from None
    with replacing(path, "wb") as whole:
        whole.write(files[0].readline())
        for step in zip(*(lengths for _, lengths in parts), strict=True):
            for file, length in zip(files, step, strict=True):
                whole.write(file.read(length))
    for file in files:
        file.close()


def csv_header(classes: int, *, target: bool, note: bool, box: bool) -> list[str]:
    """The names of the columns, those that not all predictions have where they are wanted."""
    names = ["id", "prediction", "confidence", *(f"p{i}" for i in range(classes))]
    return [*names, *["target"] * target, *["note"] * note, *(DigitBox._fields if box else ())]


def csv_rows(
    indices: Sequence[int], classes: Tensor, probabilities: Tensor, data: Digits, doubt: Doubt
) -> Iterator[Sequence[str]]:
    """A row per image; where there is nothing to predict, only id, target and note are given.

    Args:
        indices: the numbers of the images in their data, N of them.
        classes: those that are predicted, (N,).
        probabilities: (N, K), or NaN where they are not known.
        data: where they are from.
        doubt: says of which of them.
    """
    confidence = probabilities.amax(dim=1)
    table = zip(indices, classes.tolist(), confidence.tolist(), probabilities.tolist(), strict=True)
    for i, label, sure, row in table:
        note = data.notes[i] if data.notes is not None else ""
        values = (
            [str(label), *(f"{p:.6f}" if p == p else "" for p in (sure, *row))] if not note else [""] * (2 + len(row))
        )
        target = [str(t) if (t := int(data.labels[i])) >= 0 else ""] if data.has_labels else []
        notes = [note or doubt.note(sure)] if data.notes is not None else []
        place = [str(n) for n in data.places[i]] if data.places is not None else []
        yield [str(data.ids[i]), *values, *target, *notes, *place]


def kaggle_header() -> list[str]:
    """The names of the columns of a submission."""
    return ["ImageId", "Label"]


def kaggle_rows(indices: Sequence[int], classes: Tensor) -> Iterator[Sequence[str]]:
    """What Kaggle's Digit Recognizer takes as a submission; see `csv_rows`."""
    for i, label in zip(indices, classes.tolist(), strict=True):
        yield [str(i + 1), str(label)]


def numbers(probabilities: Tensor, data: Digits, doubt: Doubt) -> dict[str, str]:
    """What pictures of several digits say, by their names; see `as_text`."""
    assert data.places is not None
    pages: dict[str, list[int]] = {}
    for i, name in enumerate(data.ids):
        pages.setdefault(str(name), []).append(i)
    confidence, labels = probabilities.max(dim=1)
    none = [
        doubt.note(sure) == NOT_A_DIGIT or bool(data.notes and data.notes[i])
        for i, sure in enumerate(confidence.tolist())
    ]
    said = ["?" if no else str(label) for no, label in zip(none, labels.tolist(), strict=True)]
    return {name: as_text([data.places[i] for i in own], [said[i] for i in own]) for name, own in pages.items()}


def beside(text: str) -> str:
    """A text as it follows a name: one line after a space, several below it."""
    return "".join(f"\n  {line}" for line in text.split("\n")) if "\n" in text else f" {text}"
