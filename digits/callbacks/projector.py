"""TensorBoard's page PROJECTOR."""

import colorsys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from PIL import Image
from torch import Tensor, nn

from digits.callbacks.outcomes import classes_of
from digits.callbacks.summary_writers import summary_writers
from digits.classifier import Classifier
from digits.data import Digits, datamodule_of
from digits.system.files import replacing, save_picture

MOST = 10_000  # images shown


class Projector(Callback):
    """Show the tested images in the space of the last hidden layer, the one before the last linear layer."""

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.hidden: list[Tensor] = []  # of each batch, (N, features)
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
        if self.hidden:
            data, vectors = datamodule_of(trainer).test, torch.cat(self.hidden)[:MOST]
            for writer in summary_writers(trainer):
                write_embedding(Path(writer.log_dir), vectors, data, classes_of(trainer))


def write_embedding(folder: Path, vectors: Tensor, data: Digits, classes: Sequence[str]) -> None:
    """Write the files of the page: a point per image, its label, and a sprite to show it by.

    SummaryWriter.add_embedding writes the vectors as text, number by number, which takes longer than the test.

    Args:
        folder: TensorBoard's of the run.
        vectors: (N, features), float32.
        data: the images, at least N.
        classes: names of the classes.
    """
    n, features = vectors.shape
    labels = data.labels[:n]
    save_picture(folder / "projector_sprite.png", sprite(data.images[:n], labels, len(classes)))
    with replacing(folder / "projector_vectors.bytes", "wb") as file:
        file.write(vectors.contiguous().numpy().tobytes())
    with replacing(folder / "projector_labels.tsv") as file:  # a single column could have no name
        file.write("class\timage\n")
        file.writelines(f"{classes[label]}\t{i}\n" for i, label in enumerate(labels.tolist()))
    with replacing(folder / "projector_config.pbtxt") as file:
        file.write(
            "embeddings {\n"
            f'  tensor_name: "last hidden layer, {n} test images"\n'
            f"  tensor_shape: {n}\n  tensor_shape: {features}\n"
            '  tensor_path: "projector_vectors.bytes"\n  metadata_path: "projector_labels.tsv"\n'
            '  sprite {\n    image_path: "projector_sprite.png"\n'
            "    single_image_dim: 28\n    single_image_dim: 28\n  }\n}\n"
        )


def sprite(images: Tensor, labels: Tensor, classes: int) -> Image.Image:
    """All images on one sheet, row by row, in the colour of their class on white.

    The page opens without a colour map, and can't be told to use one; so the images have the colours.

    Args:
        images: (N, 28, 28), uint8.
        labels: (N,), int64.
        classes: how many there are.
    """
    hues = [colorsys.hls_to_rgb(i / classes, 0.3 + 0.2 * (i % 2), 1) for i in range(classes)]
    columns = int(np.ceil(len(images) ** 0.5))
    sheet = torch.full((columns * columns, 28, 28, 3), 255, dtype=torch.uint8)
    for label, hue in enumerate(hues):
        of_class = labels == label
        ink = images[of_class, :, :, None] / 255
        sheet[: len(images)][of_class] = (255 * (1 - ink * (1 - torch.tensor(hue)))).round().byte()
    pixels = sheet.view(columns, columns, 28, 28, 3).transpose(1, 2).reshape(columns * 28, columns * 28, 3)
    return Image.fromarray(pixels.numpy())
