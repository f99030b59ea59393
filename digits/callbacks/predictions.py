"""Predictions as a file, and as a picture."""

import math
import time
from collections.abc import Sequence
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from digits.callbacks.outcomes import classes_of, is_one_each
from digits.callbacks.summary_writers import summary_writers
from digits.console import amount, printable, say, shown
from digits.custom_batches import images_of
from digits.data import Digits, datamodule_of
from digits.data.custom_loaders import has_custom_loader
from digits.data.dataset import Batch, together
from digits.doubt import Doubt
from digits.errors import InputError
from digits.plots import plot_pages, plot_predictions
from digits.predictions.journal import Finished, fingerprint_of_network
from digits.predictions.output import Output, as_csv
from digits.predictions.parquet import is_parquet
from digits.predictions.rows import KAGGLE_HEADER, counts, csv_header, csv_rows, kaggle_rows, left_out, numbers, summary
from digits.system.files import save_picture
from digits.system.processes import first_says, gathered, tell_all, told_by_all

PICTURES = 200  # images that are kept to be drawn, at least
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
        self.kept: dict[int, tuple[Digits, Tensor]] = {}  # the first batches with their probabilities, to be drawn
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
        columns = {"target": data.has_labels, "note": data.has_notes, "box": data.has_places}
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
        classes, probabilities = predicted(outputs, images_of(batch), len(pl_module.classes))  # type: ignore[arg-type]
        module, n = datamodule_of(trainer), len(probabilities)
        indices = batch.indices.tolist() if isinstance(batch, Batch) else range(self.images, self.images + n)
        source = batch.source if isinstance(batch, Batch) else None
        data, here = (module.predict, indices) if source is None else (source, range(n))
        if (self.picture is not None or data.has_places) and probabilities.isnan().any():
            raise InputError("pictures of predictions need a predict_step that returns probabilities, (N, K)")
        part = data.subset(torch.as_tensor(here, dtype=torch.long)) if self.picture or data.has_places else data
        if self.format == "kaggle":
            rows, lines = kaggle_rows(indices, classes, here, data), left_out(data, here)
        else:
            doubt: Doubt = getattr(pl_module, "doubt", Doubt())
            rows = csv_rows(here, classes, probabilities, data, doubt, (module.streamed or data).has_labels)
            said = numbers(probabilities, part, doubt) if data.has_places else {}
            lines = [f"Read: {printable(name)}:{beside(text)}" for name, text in said.items()]
        finished = Finished(as_csv(rows), lines, counts(data, here))
        if self.picture is not None and sum(len(one) for one, _ in self.kept.values()) < PICTURES:
            number = module.predict_start + self.steps * trainer.world_size + trainer.global_rank
            self.kept[number] = part, probabilities
        self.steps += 1
        self.images += n
        if isinstance(batch, Batch):
            self.tells = False
            self.take(told_by_all(finished))
            self.tells = True
        else:  # of a custom loader: the processes may have unlike numbers of them
            self.of_custom.append(finished)

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
        kept = {number: batch for own in gathered(self.kept) for number, batch in own.items()}
        module = datamodule_of(trainer)
        module.unreadable = first_says(self.finish)
        if trainer.is_global_zero:
            singles = not (module.streamed or module.predict).has_places
            if self.picture is not None:
                self.draw(trainer, kept)
            self.report(singles)

    def finish(self) -> int:
        """Let the output take its place; returns how many files could not be read, or are lacking in a submission."""
        assert self.output is not None
        self.output.finish()
        return self.output.counts["without" if self.format == "kaggle" else "unreadable"]

    def report(self, singles: bool) -> None:
        """Print how many images were predicted, and where the predictions are."""
        assert self.output is not None
        known = self.output.counts
        for line in summary(known, singles):
            say(line)
        seconds, now = time.monotonic() - self.start, known["images"] - self.output.before["images"]
        rate, what = now / seconds, amount(now, "image" if singles else "digit")
        say(f"Read, predicted and written: {what} in {seconds:.2f} s, {rate:,.{0 if rate >= 10 else 1}f} a second")
        for line in self.lines:
            say(line)
        say(f"Predictions: {shown(Path(self.path or ''))}")
        if self.picture:
            say(f"Picture: {self.picture}")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if self.tells and isinstance(exception, InputError):
            tell_all(exception)
        if self.output is not None:
            self.output.abandon(exception)

    def draw(self, trainer: Trainer, kept: dict[int, tuple[Digits, Tensor]]) -> None:
        """Draw the first images, as they were and as they are predicted."""
        module = datamodule_of(trainer)
        if (stream := module.streamed) is not None:
            shown = 0
            for number, chunk in enumerate(islice(stream.chunks(), module.predict_start)):
                if shown < PICTURES:  # what a command that was killed had finished
                    kept[number] = predict_again(trainer, stream.load(chunk))
                    shown += len(kept[number][0])
        first = [kept[number] for number in sorted(kept)]
        data, probabilities = together([one for one, _ in first]), torch.cat([one for _, one in first])
        if stream is not None:
            module.predict = data
        assert self.output is not None
        doubt: Doubt = getattr(trainer.lightning_module, "doubt", Doubt())
        singles = partial(plot_predictions, number=self.output.counts["images"])
        plot = singles if data.places is None else plot_pages
        sheet = plot(data, module.original, probabilities, classes_of(trainer), doubt=doubt)
        save_picture(Path(self.picture or ""), sheet)
        for writer in summary_writers(trainer):
            writer.add_image("predictions", np.asarray(sheet), dataformats="HWC")


@torch.inference_mode()
def predict_again(trainer: Trainer, batch: Batch) -> tuple[Digits, Tensor]:
    """A batch's images, and their probabilities, outside the loop."""
    assert batch.source is not None
    module, network = datamodule_of(trainer), trainer.lightning_module
    there = module.on_after_batch_transfer(module.transfer_batch_to_device(batch, network.device, 0), 0)
    return batch.source, predicted(network.predict_step(there, 0), there[0], len(classes_of(trainer)))[1]


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


def beside(text: str) -> str:
    """A text as it follows a name: one line after a space, several below it."""
    return "".join(f"\n  {line}" for line in text.split("\n")) if "\n" in text else f" {text}"
