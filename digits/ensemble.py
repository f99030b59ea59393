"""Several networks that vote."""

import importlib
from typing import Any

import torch
from torch import Tensor, nn

from digits.checkpoint import Checkpoint
from digits.classifier import Classifier
from digits.doubt import Doubt
from digits.errors import InputError
from digits.network import Network, log_mean
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
        for name in [networks] if isinstance(networks, str) else networks or ():
            import_network(name)
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
        return log_mean([member.eval_logits(images) for member in self.members])  # type: ignore[operator]

    def configure_optimizers(self) -> Any:
        raise InputError("an ensemble is not trained: train its members, then test or predict with it")


def import_network(class_path: str) -> None:
    """Import the class of a network that the user names, so that checkpoints that hold it can be read.

    Raises:
        InputError: there is no such class, or it is no network.
    """
    module, _, name = class_path.rpartition(".")
    if not module:
        raise InputError(f"networks: {class_path} names no module: give one such as mine.Net")
    kind = getattr(importlib.import_module(module), name, None)
    if not (isinstance(kind, type) and issubclass(kind, Network)):
        raise InputError(f"networks: {class_path} is no network: give a subclass of Classifier")
