"""Several networks that vote."""

import importlib
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from digits.errors import InputError
from digits.models import Classifier, log_mean
from digits.runs import read_checkpoint


def rebuild(path: Path) -> tuple[Classifier, dict[str, Any]]:
    """The network that a checkpoint holds, ready to predict, and what is known of the data it was trained on.

    Raises:
        InputError: the file is missing, damaged, not a checkpoint of one of this package's networks, or its weights
            don't fit its network.
    """
    checkpoint = read_checkpoint(path)
    module, _, name = checkpoint["class_path"].rpartition(".")
    if not module.startswith("digits."):  # importing a module runs it: only this package's own
        raise InputError(f"{path} holds a {checkpoint['class_path']}, which is not one of this package's networks")
    model: Classifier = getattr(importlib.import_module(module), name)(**checkpoint["hyper_parameters"])
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise InputError(f"{path}: the weights don't fit {name}: {str(error).splitlines()[-1].strip()}") from None
    model.on_load_checkpoint(checkpoint)
    return model.eval(), checkpoint.get("data", {})


class Ensemble(Classifier):
    """The mean of the probabilities of several networks, each from its checkpoint; they may be of different classes.

    It is tested and predicted with, not trained.

    Args:
        checkpoints: files that `fit` wrote.
    """

    def __init__(self, checkpoints: list[str]) -> None:
        super().__init__(lr=0.0)
        if not checkpoints:
            raise InputError("--model.checkpoints is empty: name the checkpoints of the ensemble")
        pairs = [rebuild(Path(path)) for path in checkpoints]
        self.members = nn.ModuleList(model for model, _ in pairs)
        self.scales = [(data.get("mean", 0.0), data.get("std", 1.0)) for _, data in pairs]
        self.trained_on = pairs[0][1] or None
        names = {tuple(data["classes"]) for _, data in pairs if data}
        if len(names) > 1:
            raise InputError(f"--model.checkpoints were trained for different classes: {names}")

    def forward(self, images: Tensor) -> Tensor:
        """Images normalised as for the first member, (N, 1, 28, 28) float32, to log-probabilities, (N, 10)."""
        mean, std = self.scales[0]
        logits = []
        for member, (own_mean, own_std) in zip(self.members, self.scales, strict=True):
            same = (own_mean, own_std) == (mean, std)
            logits.append(member.calibrated(images if same else (images * std + mean - own_mean) / own_std))  # type: ignore[operator]
        return log_mean(logits)

    def configure_optimizers(self) -> Any:
        raise InputError("an ensemble is not trained: train its members, then test or predict with it")
