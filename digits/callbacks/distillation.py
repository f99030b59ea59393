"""Train a network on what several trained ones say about each image."""

from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import Callback, LightningModule, Trainer

from digits.classifier import Classifier
from digits.console import shown
from digits.data.dataset import Batch
from digits.ensemble import Ensemble
from digits.errors import InputError
from digits.fast.process import use_channels_last


class Distillation(Callback):
    """Mix the labels of each training image with what trained networks, the teachers, say about it on average.

    One network then comes close to what all teachers together know (Hinton et al., 2015). They see each image just as
    it was augmented for the student, which may therefore be trained for long (Beyer et al., 2022). An image without a
    digit keeps its label, and the label smoothing of the network is not used.

    Args:
        teachers: checkpoints that `fit` wrote, folders of runs, patterns of them, or "pretrained".
        weight: of what the teachers say, 0 to 1; the rest is that of the labels.
        networks: classes of your own that are among the teachers, such as mine.Net; a checkpoint imports none.
        only_right: where the teachers are wrong, the label alone counts; for styles that they do not know yet.
    """

    def __init__(
        self,
        teachers: list[str] | str,
        weight: float = 0.7,
        networks: list[str] | str | None = None,
        only_right: bool = False,
    ) -> None:
        if not teachers or not 0 <= weight <= 1:
            raise InputError("Distillation needs one teacher or more, and a weight from 0 to 1")
        self.teachers = teachers
        self.weight = weight
        self.networks = networks
        self.only_right = only_right
        self.ensemble: Any = None  # while training

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not isinstance(pl_module, Classifier) or pl_module.trained_on is None:
            raise InputError("Distillation trains the networks of this package, on its data modules")
        self.ensemble = Ensemble(self.teachers, self.networks).to(pl_module.device).eval()
        for path, member in zip(self.ensemble.paths, self.ensemble.members, strict=True):
            if member.trained_on != pl_module.trained_on:
                raise InputError(f"{shown(path)} can't teach: its images had another brightness or other classes")
        use_channels_last(self.ensemble)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.ensemble = None

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if not isinstance(batch, Batch):
            raise InputError("Distillation takes batches of DataLoader(self.train, …) or of the standard loader")
        with torch.no_grad():
            said = self.ensemble(batch.images).exp()
        batch.soft_labels = soften(batch.labels, said, self.weight, self.only_right)


def soften(labels: torch.Tensor, said: torch.Tensor, weight: float, only_right: bool = False) -> torch.Tensor:
    """Labels, (N,) int64, mixed with the probabilities of teachers, (N, K); equal shares where a label is -1."""
    classes = said.shape[1]
    known = F.one_hot(labels.clamp(min=0), classes).to(said.dtype)
    mixed = torch.lerp(known, said, weight)
    if only_right:
        right = (said * known).sum(dim=1) >= said.amax(dim=1)
        mixed = torch.where(right[:, None], mixed, known)
    return torch.where((labels < 0)[:, None], 1 / classes, mixed)
