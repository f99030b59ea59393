"""Several networks that vote."""

from typing import Any

from torch import Tensor, nn

from digits.checkpoint import rebuild
from digits.classifier import Classifier, log_mean
from digits.errors import InputError
from digits.runs import find_checkpoints, read_checkpoint


class Ensemble(Classifier):
    """The mean of the probabilities of several networks, each from its checkpoint; they may be of different classes.

    It is tested and predicted with, not trained.

    Args:
        checkpoints: files that `fit` wrote, folders of runs, whose best ones count, or patterns of files or folders,
            such as lightning_logs/*/version_0.
    """

    def __init__(self, checkpoints: list[str] | str) -> None:
        super().__init__(lr=0.0)
        if not checkpoints:
            raise InputError("--model.checkpoints is empty: name the checkpoints of the ensemble")
        self.paths = find_checkpoints([checkpoints] if isinstance(checkpoints, str) else checkpoints)
        contents = [read_checkpoint(path) for path in self.paths]
        self.members = nn.ModuleList(map(rebuild, self.paths, contents))
        known = [content.get("data") or {} for content in contents]
        self.scales = [(data.get("mean", 0.0), data.get("std", 1.0)) for data in known]
        self.trained_on = known[0] or None
        names = {tuple(data["classes"]) for data in known if data}
        if len(names) > 1:
            raise InputError(f"--model.checkpoints were trained for different classes: {names}")

    def forward(self, images: Tensor) -> Tensor:
        """Images normalised as for the first member, (N, 1, 28, 28) float32, to log-probabilities, (N, 10)."""
        mean, std = self.scales[0]
        logits = []
        for member, (own_mean, own_std) in zip(self.members, self.scales, strict=True):
            same = (own_mean, own_std) == (mean, std)
            logits.append(member.eval_logits(images if same else (images * std + mean - own_mean) / own_std))  # type: ignore[operator]
        return log_mean(logits)

    def configure_optimizers(self) -> Any:
        raise InputError("an ensemble is not trained: train its members, then test or predict with it")
