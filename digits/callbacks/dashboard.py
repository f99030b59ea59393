"""TensorBoard's pages, and the pictures in the run's folder."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from PIL import Image
from torch import Tensor, nn
from torchmetrics.functional.classification import multiclass_confusion_matrix

from digits.callbacks.epochs import Epochs
from digits.callbacks.outcomes import OutcomeCollector
from digits.callbacks.summary_writers import summary_writers
from digits.callbacks.terminal import summarize
from digits.data import Digits, datamodule_of
from digits.files import save_picture
from digits.models import Classifier
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

WORST = 40  # mistakes shown
EMBEDDED = 10_000  # images in the projector

LAYOUT = {
    "by step": {what: ["Multiline", [f"^train/{what}$", f"^val/{what}$"]] for what in ("loss", "accuracy", "error")},
    "by epoch": {
        what: ["Multiline", [f"by_epoch/train_{what}", f"by_epoch/val_{what}"]]
        for what in ("loss", "accuracy", "error")
    },
}


class Dashboard(OutcomeCollector):
    """After training and after testing, draw what happened: as files in the run's folder, and on TensorBoard.

    Args:
        epochs: whose figures the curves show.
    """

    def __init__(self, epochs: Epochs) -> None:
        super().__init__()
        self.epochs = epochs

    # Training.

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        folder = run_folder(trainer)
        if not trainer.is_global_zero or (folder is not None and (folder / "samples.png").is_file()):
            return  # a run that is resumed has them
        data = datamodule_of(trainer)
        train = data.train.first(5000)
        self.show(trainer, "samples", plot_samples(train.images, train.labels, data.classes))
        if any(data.augmentation.values()):
            one_each = torch.stack([(train.labels == label).nonzero()[0, 0] for label in train.labels.unique()])
            some = train.subset(one_each)
            with torch.random.fork_rng(devices=[]):  # pictures must not change what training draws
                versions = [data.augment(some.images) for _ in range(9)]
            self.show(trainer, "augmented", plot_augmentation(some.images, versions, some.labels, data.classes))
        for board in summary_writers(trainer):
            board.add_custom_scalars(LAYOUT)
            board.add_text("model", f"```\n{summarize(pl_module)}\n```")
            add_graph(board, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            if self.epochs.rows:
                self.show(trainer, "curves", plot_learning_curves(self.epochs.rows))
            weight = first_weight(pl_module)
            if weight is not None:
                self.show(trainer, "filters", plot_filters(weight))
        if self.outcomes.update_called:  # not when it was stopped before it was validated, or had ended before
            self.show_outcomes(trainer, datamodule_of(trainer).val, "", f"validation, epoch {trainer.current_epoch}")

    # Testing.

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_test_epoch_start(trainer, pl_module)
        self.hidden: list[Tensor] = []
        one_view = isinstance(pl_module, Classifier) and not pl_module.tta
        layers = pl_module.layers.modules() if one_view else ()  # type: ignore[union-attr] # an ensemble has none of its own
        last = [layer for layer in layers if isinstance(layer, nn.Linear)][-1:]
        self.hooks = [
            layer.register_forward_pre_hook(lambda _, args: self.hidden.append(args[0].detach().float().cpu()))
            for layer in last
            if trainer.world_size == 1 and any(summary_writers(trainer))
        ]

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for hook in self.hooks:
            hook.remove()
        data = datamodule_of(trainer).test
        self.show_outcomes(trainer, data, "test_", "test")
        if self.hidden:
            for board in summary_writers(trainer):
                add_embedding(Path(board.log_dir), torch.cat(self.hidden)[:EMBEDDED], data, classes_of(trainer))

    # What both share.

    def show_outcomes(self, trainer: Trainer, data: Digits, prefix: str, title: str) -> None:
        """Draw the confusion matrix, the worst mistakes, and TensorBoard's precision-recall curves."""
        logits, labels, indices = self.outcomes.compute()
        probabilities = logits.softmax(dim=1)
        if not trainer.is_global_zero or not len(labels):
            return
        classes = classes_of(trainer)
        predicted = probabilities.argmax(dim=1)
        matrix = multiclass_confusion_matrix(predicted, labels, len(classes))
        self.show(trainer, f"{prefix}confusion_matrix", plot_confusion_matrix(matrix, classes, title.capitalize()))
        wrong = (predicted != labels).nonzero().squeeze(1)
        worst = wrong[probabilities[wrong, labels[wrong]].argsort()][:WORST]
        picture = plot_mistakes(data.images[indices[worst]], labels[worst], probabilities[worst], classes)
        self.show(trainer, f"{prefix}mistakes", picture)
        if prefix:  # the temperature is fitted on the validation images, and only testing applies it
            self.show(trainer, f"{prefix}calibration", plot_calibration(probabilities, labels, title.capitalize()))
        for board in summary_writers(trainer):
            for label, name in enumerate(classes):
                board.add_pr_curve(
                    f"{prefix}precision_recall/{name}", labels == label, probabilities[:, label], trainer.global_step
                )

    def show(self, trainer: Trainer, name: str, picture: Image.Image) -> None:
        """Save a picture, and put it on TensorBoard."""
        if (folder := run_folder(trainer)) is not None:
            save_picture(folder / f"{name}.png", picture)
        for board in summary_writers(trainer):
            board.add_image(name, np.asarray(picture), trainer.global_step, dataformats="HWC")


def first_weight(model: nn.Module) -> Tensor | None:
    """The weights of the first layer that sees the image, (filters, H, W), at most 100 of them."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            return layer.weight.detach()[:100, 0].float().cpu()
        if isinstance(layer, nn.Linear):
            side = int(layer.in_features**0.5)
            return layer.weight.detach()[:100].view(-1, side, side).float().cpu()
    return None


def add_graph(board: Any, model: LightningModule) -> None:
    """Put the network on TensorBoard's GRAPHS page."""
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # tracing is deprecated, but it is what TensorBoard's writer does
        board.add_graph(model, torch.zeros(1, 1, 28, 28, device=model.device))


def add_embedding(folder: Path, vectors: Tensor, data: Digits, classes: Sequence[str]) -> None:
    """Write the files of TensorBoard's PROJECTOR: a point per image, its label, and a sprite to show it by.

    SummaryWriter.add_embedding writes the vectors as text, number by number, which takes longer than the test.

    Args:
        folder: TensorBoard's of the run.
        vectors: (N, features), float32.
        data: the images, at least N.
        classes: names of the classes.
    """
    n, features = vectors.shape
    columns = int(np.ceil(n**0.5))
    sheet = torch.full((columns * columns, 28, 28), 255, dtype=torch.uint8)
    sheet[:n] = 255 - data.images[:n]
    pixels = sheet.view(columns, columns, 28, 28).permute(0, 2, 1, 3).reshape(columns * 28, columns * 28)
    Image.fromarray(pixels.numpy()).save(folder / "projector_sprite.png")
    (folder / "projector_vectors.bytes").write_bytes(vectors.contiguous().numpy().tobytes())
    (folder / "projector_labels.tsv").write_text("".join(f"{classes[int(i)]}\n" for i in data.labels[:n]))
    (folder / "projector_config.pbtxt").write_text(
        "embeddings {\n"
        f'  tensor_name: "last hidden layer, {n} test images"\n'
        f"  tensor_shape: {n}\n  tensor_shape: {features}\n"
        '  tensor_path: "projector_vectors.bytes"\n  metadata_path: "projector_labels.tsv"\n'
        '  sprite {\n    image_path: "projector_sprite.png"\n'
        "    single_image_dim: 28\n    single_image_dim: 28\n  }\n}\n"
    )


def classes_of(trainer: Trainer) -> Sequence[str]:
    """The names of the classes that the network tells apart."""
    return trainer.lightning_module.classes  # type: ignore[return-value]
