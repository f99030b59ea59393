"""Predictions as a file."""

import math
import time
from collections.abc import Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from digits.callbacks.outcomes import classes_of, predicted
from digits.callbacks.prediction_sheet import PredictionSheet
from digits.console import amount, say, shown
from digits.custom_batches import images_of
from digits.data import Digits, datamodule_of
from digits.data.custom_loaders import has_custom_loader
from digits.data.dataset import Batch
from digits.doubt import Doubt
from digits.errors import InputError
from digits.predictions.journal import Finished, fingerprint_of_network
from digits.predictions.output import Output, as_csv
from digits.predictions.parquet import is_parquet
from digits.predictions.rows import (
    KAGGLE_HEADER,
    counts,
    csv_header,
    csv_rows,
    kaggle_rows,
    left_out,
    page_lines,
    summary,
)
from digits.system.processes import first_says, gathered, tell_all, told_by_all

SAID = 20  # lines on pages, or on what a submission lacks, that are told in the end


class PredictionWriter(Callback):
    """Write one row per image, in the order of the data, whatever process predicted it.

    The columns of `csv`: id (the number of the image in the data, or the name of its file), prediction, confidence (the
    probability of the prediction), p0 to p9 (the probabilities), target where labels are known, for picture files note:
    why there is no prediction, or that it is to be doubted (see digits/doubt.py); and for pictures of several digits,
    each of which has a row, its line and its box in pixels: line, left, top, width, height. `kaggle` is ImageId, from
    1, and Label; what has no prediction has no row, and is named.

    Rows are written as they come. If the command is killed, the same command goes on where it was; see `Output`.

    Args:
        path: the CSV or .parquet file to write; by default predictions.csv in the run's folder, or
            predictions_partial.csv if not all images are predicted.
        format: csv, or kaggle for a submission to Kaggle's Digit Recognizer.
        picture: a PNG file to write, too: each image as it was, as the network sees it, and the prediction.
    """

    def __init__(
        self, path: str | None = None, format: Literal["csv", "kaggle"] = "csv", picture: str | None = None
    ) -> None:
        self.path = path
        self.format = format
        self.picture = picture
        self.output: Output | None = None  # in the first process
        self.tells = False  # whether the other processes wait for what this one finishes

    # Each process predicts the batches that are its own, and tells the first one, which writes, of each.

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage != "predict":
            return
        self.start = time.monotonic()
        self.opened = False
        self.steps = self.images = 0  # of this process
        self.of_custom: list[Finished] = []  # batches of a custom loader
        self.lines: list[str] = []
        self.sheet = None if self.picture is None else PredictionSheet(self.picture)
        module = datamodule_of(trainer)
        limit = trainer.limit_predict_batches
        if module.streamed is None or has_custom_loader(module, "predict") or isinstance(limit, int) or limit < 1:
            return  # nobody knows whether it would be the same, or it is not done to the end
        files = first_says(module.streamed.fingerprint)
        made_of = {"network": fingerprint_of_network(pl_module), "list of files": files}
        module.predict_start = self.open(trainer, "predictions.csv", made_of)

    def open(self, trainer: Trainer, default: str, made_of: dict[str, str]) -> int:
        """Open the output in the first process; returns how many batches are in it already."""
        module = datamodule_of(trainer)
        data, kaggle = module.streamed or module.predict, self.format == "kaggle"
        if kaggle and data.has_places:
            raise InputError("--predictions.format kaggle has a row for each picture: leave out --data.multiple_digits")
        if kaggle and self.path is not None and is_parquet(Path(self.path)):
            raise InputError(f"--predictions.path {self.path}: Kaggle takes a CSV file")
        self.has_target = data.has_labels
        columns = {"target": self.has_target, "note": data.has_notes, "box": data.has_places}
        header = KAGGLE_HEADER if kaggle else csv_header(len(classes_of(trainer)), **columns)

        def open_here() -> tuple[str, int]:
            path = self.path or str(Path(trainer.default_root_dir) / default)
            self.output = output = Output(Path(path), header, made_of)
            self.lines = list(islice((line for finished in output.earlier() for line in finished.lines), SAID))
            return path, output.done

        self.path, done = first_says(open_here)
        self.opened = True
        return done

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module, loaders = datamodule_of(trainer), trainer.num_predict_batches
        if len(loaders) > 1:
            raise InputError("predict writes the images of one loader, but predict_dataloader returns several")
        self.tells = True
        if self.opened:
            return
        stream, steps = module.streamed, sum(loaders) * trainer.world_size
        if stream is not None:
            cut = steps != math.inf and next(islice(stream.chunks(), int(steps), None), None) is not None
        else:
            cut = (most := steps * module.eval_batch_size) < len(module.predict)
            if cut:  # --trainer.limit_predict_batches, --trainer.fast_dev_run
                module.predict = module.predict.subset(torch.arange(most))
        self.open(trainer, "predictions_partial.csv" if cut else "predictions.csv", {})

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, *args: Any
    ) -> None:
        classes, probabilities = predicted(outputs, images_of(batch), len(classes_of(trainer)))
        indices, images = self.known_of(trainer, batch, len(classes))
        if (self.sheet is not None or images.has_places) and probabilities.isnan().any():
            raise InputError("pictures of predictions need a predict_step that returns probabilities, (N, K)")
        if self.format == "kaggle":
            rows, lines = kaggle_rows(indices, classes, images), left_out(images)
        else:
            doubt: Doubt = getattr(pl_module, "doubt", Doubt())
            rows = csv_rows(classes, probabilities, images, doubt, self.has_target)
            lines = page_lines(probabilities, images, doubt)
        finished = Finished(as_csv(rows), lines, counts(images))
        if self.sheet is not None:
            number = datamodule_of(trainer).predict_start + self.steps * trainer.world_size + trainer.global_rank
            self.sheet.keep(number, images, probabilities)
        self.steps += 1
        self.images += len(images)
        if isinstance(batch, Batch):
            self.tells = False
            self.take(told_by_all(finished))
            self.tells = True
        else:  # of a custom loader: the processes may have unlike numbers of them
            self.of_custom.append(finished)

    def known_of(self, trainer: Trainer, batch: Any, n: int) -> tuple[Sequence[int], Digits]:
        """The numbers of the `n` images of a batch in the data, and what is known about them."""
        if not isinstance(batch, Batch):  # of a custom loader, which goes in order
            indices = torch.arange(self.images, self.images + n)
            return indices.tolist(), datamodule_of(trainer).predict.subset(indices)
        known = datamodule_of(trainer).predict.subset(batch.indices) if batch.source is None else batch.source
        return batch.indices.tolist(), known

    def take(self, finished: Sequence[Finished]) -> None:
        """Write what came of a batch of each process, in the first one."""
        if self.output is None:
            return
        for one in finished:
            self.output.add(one)
            self.lines += one.lines[: SAID - len(self.lines)]

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.tells = False
        for turn in zip_longest(*gathered(self.of_custom)):
            self.take([finished for finished in turn if finished is not None])
        if self.sheet is not None:
            self.sheet.gather()
        datamodule_of(trainer).unreadable = first_says(self.finish)
        if self.output is not None:
            self.report(trainer, self.output)

    def finish(self) -> int:
        """Let the output take its place; returns how many files could not be read, or are lacking in a submission."""
        assert self.output is not None
        self.output.finish()
        return self.output.counts["without" if self.format == "kaggle" else "unreadable"]

    def report(self, trainer: Trainer, output: Output) -> None:
        """Draw the sheet, and print how many images were predicted, and where the predictions are."""
        module, known = datamodule_of(trainer), output.counts
        singles = not (module.streamed or module.predict).has_places
        if self.sheet is not None:
            self.sheet.draw(trainer, known["images"])
        for line in summary(known, singles):
            say(line)
        seconds, now = time.monotonic() - self.start, known["images"] - output.before["images"]
        rate, what = now / seconds, amount(now, "image" if singles else "digit")
        say(f"Read, predicted and written: {what} in {seconds:.2f} s, {rate:,.{0 if rate >= 10 else 1}f} a second")
        for line in self.lines:
            say(line)
        say(f"Predictions: {shown(Path(self.path or ''))}")
        if self.sheet is not None:
            say(f"Picture: {self.sheet.path}")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if self.tells and isinstance(exception, InputError):
            tell_all(exception)
        if self.output is not None:
            self.output.abandon(exception)
