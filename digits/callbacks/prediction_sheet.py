"""The first images of a set that is predicted, as a picture."""

from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Trainer
from torch import Tensor

from digits.callbacks.outcomes import classes_of, predicted
from digits.callbacks.summary_writers import summary_writers
from digits.data import Digits, datamodule_of
from digits.data.dataset import Batch, together
from digits.doubt import Doubt
from digits.plots import plot_pages, plot_predictions
from digits.system.files import save_picture
from digits.system.processes import gathered

PICTURES = 200  # images that are kept to be drawn, at least


class PredictionSheet:
    """Each image as it was, as the network sees it, and the prediction.

    Args:
        path: the PNG file.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.kept: dict[int, tuple[Digits, Tensor]] = {}  # the first batches, and their probabilities

    def keep(self, number: int, images: Digits, probabilities: Tensor) -> None:
        """Keep a batch, if there are not enough: its number among all, its N images, their probabilities, (N, K)."""
        if sum(len(one) for one, _ in self.kept.values()) < PICTURES:
            self.kept[number] = images, probabilities

    def gather(self) -> None:
        """Bring together what all processes kept."""
        self.kept = {number: batch for own in gathered(self.kept) for number, batch in own.items()}

    def draw(self, trainer: Trainer, number: int) -> None:
        """Draw the first images, of `number` that were predicted."""
        module = datamodule_of(trainer)
        if module.streamed is not None:
            self.predict_earlier(trainer)
        first = [self.kept[i] for i in sorted(self.kept)]
        data, probabilities = together([one for one, _ in first]), torch.cat([one for _, one in first])
        if module.streamed is not None:
            module.predict = data
        doubt: Doubt = getattr(trainer.lightning_module, "doubt", Doubt())
        plot = plot_pages if data.has_places else partial(plot_predictions, number=number)
        sheet = plot(data, module.original, probabilities, classes_of(trainer), doubt=doubt)
        save_picture(self.path, sheet)
        for writer in summary_writers(trainer):
            writer.add_image("predictions", np.asarray(sheet), dataformats="HWC")

    def predict_earlier(self, trainer: Trainer) -> None:
        """Predict again the first images of those that a command which was killed had finished."""
        module, drawn = datamodule_of(trainer), 0
        assert module.streamed is not None
        for number, chunk in enumerate(islice(module.streamed.chunks(), module.predict_start)):
            if drawn >= PICTURES:
                return
            self.kept[number] = predict_again(trainer, module.streamed.load(chunk))
            drawn += len(self.kept[number][0])


@torch.inference_mode()
def predict_again(trainer: Trainer, batch: Batch) -> tuple[Digits, Tensor]:
    """A batch's images, and their probabilities, outside the loop."""
    assert batch.source is not None
    module, network = datamodule_of(trainer), trainer.lightning_module
    there = module.on_after_batch_transfer(module.transfer_batch_to_device(batch, network.device, 0), 0)
    return batch.source, predicted(network.predict_step(there, 0), there[0], len(classes_of(trainer)))[1]
