"""Several networks that vote."""

from typing import Any

import torch
from torch import Tensor, nn

from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.custom_networks import import_networks
from digits.doubt import Doubt
from digits.errors import InputError
from digits.network import log_mean_softmax
from digits.runs import find_checkpoints


class Ensemble(Classifier):
    """The mean of the probabilities of several networks, each from its checkpoint; they may be of different classes.

    It is tested and predicted with, not trained.

    Args:
        checkpoints: files that `fit` wrote, folders of runs, whose best ones count, or patterns of files or folders,
            such as lightning_logs/*/version_0.
        networks: classes of your own that are among them, such as mine.Net; a checkpoint imports none.
    """

    def __init__(self, checkpoints: list[str] | str, networks: list[str] | str | None = None) -> None:
        super().__init__(lr=0.0)
        import_networks(networks)
        if not checkpoints:
            raise InputError("--model.checkpoints is empty: name the checkpoints of the ensemble")
        self.paths = find_checkpoints([checkpoints] if isinstance(checkpoints, str) else checkpoints)
        files = [Checkpoint.read(path) for path in self.paths]
        self.members = nn.ModuleList(one.network() for one in files)
        self.doubt = Doubt(*(sum(values) / len(files) for values in zip(*(m.doubt for m in self.members), strict=True)))
        known = [one.trained_on for one in files if one.trained_on is not None]
        self.trained_on = known[0] if known else None
        fingerprints = [one.content["fingerprints"] for one in files if "fingerprints" in one.content]
        self.fingerprints = torch.cat(fingerprints) if fingerprints else None
        names = {one.classes for one in known}
        if len(names) > 1:
            raise InputError(f"--model.checkpoints were trained for different classes: {names}")

    def normalize_images(self, images: Tensor) -> Tensor:
        """The images as they are: each member scales them as its own training images were."""
        return images

    def forward(self, images: Tensor) -> Tensor:
        """Raw images, (N, 28, 28), 0 to 255, to log-probabilities, (N, K)."""
        return log_mean_softmax([member.eval_logits(images) for member in self.members])  # type: ignore[operator]

    def configure_optimizers(self) -> Any:
        raise InputError("an ensemble is not trained: train its members, then test or predict with it")
