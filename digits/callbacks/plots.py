"""Draws the pictures of a run."""

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from PIL import Image
from torch import Tensor, nn
from torchmetrics.functional.classification import multiclass_confusion_matrix

from digits.callbacks.epochs import Epochs
from digits.callbacks.outcomes import OutcomeCollector, classes_of
from digits.callbacks.summary_writers import summary_writers
from digits.console import amount
from digits.data import Digits, DigitsDataModule, datamodule_of
from digits.data.dataset import Batch
from digits.plots import (
    plot_augmentation,
    plot_calibration,
    plot_confusion_matrix,
    plot_filters,
    plot_learning_curves,
    plot_mistakes,
    plot_samples,
)
from digits.runs import run_folder
from digits.system.files import save_picture

WORST = 40  # mistakes shown
FILTERS = 64  # of the first layer shown, at most


class PlotWriter(OutcomeCollector):
    """Draw training and testing, as PNG files in the run's folder and as images on TensorBoard.

    Before training, samples and augmentation; after it, learning curves, filters, and confusion matrix and mistakes of
    the last validation; after testing, confusion matrix, mistakes and calibration.
    """

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        folder = run_folder(trainer)
        if not trainer.is_global_zero or (folder is not None and (folder / "samples.png").is_file()):
            return  # a run that is resumed has them
        data = datamodule_of(trainer)
        train = data.train.first(5000)
        self.write(trainer, "samples", plot_samples(train.images, train.labels, data.classes))
        if data.augments:
            one_each = torch.stack([(train.labels == label).nonzero()[0, 0] for label in train.labels.unique()])
            some = train.subset(one_each)
            with torch.random.fork_rng(devices=[]):  # pictures must not change what training draws
                versions = [as_trained_on(data, some) for _ in range(9)]
            self.write(trainer, "augmented", plot_augmentation(some.images, versions, some.labels, data.classes))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            rows = [row for callback in trainer.callbacks if isinstance(callback, Epochs) for row in callback.rows]  # type: ignore[attr-defined]
            if rows:
                self.write(trainer, "curves", plot_learning_curves(rows))
            data = datamodule_of(trainer)
            image = data.train.first(1).images[0]
            if (layer := first_layer(pl_module, image, data.normalize(image[None]))) is not None:
                weight, response = layer
                self.write(trainer, "filters", plot_filters(weight, image, response))
        if self.outcomes.update_called:  # not when it was stopped before it was validated, or had ended before
            self.plot_outcomes(trainer, datamodule_of(trainer).val, "", f"Validation, epoch {trainer.current_epoch}")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.plot_outcomes(trainer, datamodule_of(trainer).test, "test_", "Test")

    def plot_outcomes(self, trainer: Trainer, data: Digits, prefix: str, title: str) -> None:
        """Draw the confusion matrix, the worst mistakes and, of a test, the calibration."""
        kept = self.collected()
        if not trainer.is_global_zero or kept is None:
            return
        logits, labels, indices = kept
        probabilities, classes = logits.softmax(dim=1), classes_of(trainer)
        predicted = probabilities.argmax(dim=1)
        matrix = multiclass_confusion_matrix(predicted, labels, len(classes))
        self.write(trainer, f"{prefix}confusion_matrix", plot_confusion_matrix(matrix, classes, title))
        wrong = (predicted != labels).nonzero().squeeze(1)
        worst = wrong[probabilities[wrong, labels[wrong]].argsort()][:WORST]
        some = f"{WORST} of " if len(wrong) > WORST else ""
        order = ", those first whose true class seemed least likely" if len(wrong) > 1 else ""
        heading = f"{title}: {some}{amount(len(wrong), 'mistake')}{order}"
        picture = plot_mistakes(data.images[indices[worst]], labels[worst], probabilities[worst], classes, heading)
        self.write(trainer, f"{prefix}mistakes", picture)
        if prefix:  # the temperature is fitted on the validation images, and only testing applies it
            self.write(trainer, f"{prefix}calibration", plot_calibration(probabilities, labels, title))

    def write(self, trainer: Trainer, name: str, picture: Image.Image) -> None:
        """Save a picture, and put it on TensorBoard."""
        if (folder := run_folder(trainer)) is not None:
            save_picture(folder / f"{name}.png", picture)
        for writer in summary_writers(trainer):
            writer.add_image(name, np.asarray(picture), trainer.global_step, dataformats="HWC")


def as_trained_on(data: DigitsDataModule, some: Digits) -> Tensor:
    """Images as a training batch has them, (N, H, W), 0 to 255, in their own order and without non-digits."""
    order = torch.randperm(len(some))  # the first of a batch are changed strongly
    batch = data.broaden(Batch(some.images[order], some.labels[order], order))
    digits = batch.indices >= 0
    return batch.images[digits][batch.indices[digits].argsort()]


def first_layer(model: nn.Module, image: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor] | None:
    """The weights of the first layer that sees the image, and what it makes of it; None where they can't be drawn.

    Args:
        model: any network.
        image: (H, W), uint8.
        pixels: the same as the network takes it, (1, 1, H, W).

    Returns:
        The weights and the response, each (filters, height, width), of at most 64 filters. The response of a linear
        layer has no height and width: in its place are the weights times the ink.
    """
    layer = next((one for one in model.modules() if isinstance(one, nn.Conv2d | nn.Linear)), None)
    if isinstance(layer, nn.Conv2d) and layer.in_channels == 1:
        with torch.no_grad():
            response = layer(pixels.to(layer.weight))[0, :FILTERS]
        return layer.weight.detach()[:FILTERS, 0].float().cpu(), response.float().cpu()
    if isinstance(layer, nn.Linear) and layer.in_features == image.numel():
        weight = layer.weight.detach()[:FILTERS].view(-1, *image.shape).float().cpu()
        return weight, weight * image
    return None
