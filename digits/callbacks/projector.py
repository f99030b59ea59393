"""TensorBoard's page PROJECTOR."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from PIL import Image
from torch import Tensor, nn

from digits.callbacks.outcomes import classes_of
from digits.callbacks.summary_writers import summary_writers
from digits.data import Digits, datamodule_of
from digits.files import replacing, save_picture
from digits.models import Classifier

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
    columns = int(np.ceil(n**0.5))
    sheet = torch.full((columns * columns, 28, 28), 255, dtype=torch.uint8)
    sheet[:n] = 255 - data.images[:n]
    pixels = sheet.view(columns, columns, 28, 28).permute(0, 2, 1, 3).reshape(columns * 28, columns * 28)
    save_picture(folder / "projector_sprite.png", Image.fromarray(pixels.numpy()))
    with replacing(folder / "projector_vectors.bytes", "wb") as file:
        file.write(vectors.contiguous().numpy().tobytes())
    with replacing(folder / "projector_labels.tsv") as file:
        file.writelines(f"{classes[label]}\n" for label in data.labels[:n].tolist())
    with replacing(folder / "projector_config.pbtxt") as file:
        file.write(
            "embeddings {\n"
            f'  tensor_name: "last hidden layer, {n} test images"\n'
            f"  tensor_shape: {n}\n  tensor_shape: {features}\n"
            '  tensor_path: "projector_vectors.bytes"\n  metadata_path: "projector_labels.tsv"\n'
            '  sprite {\n    image_path: "projector_sprite.png"\n'
            "    single_image_dim: 28\n    single_image_dim: 28\n  }\n}\n"
        )
