"""Probabilities that mean what they say."""

from lightning.pytorch import LightningModule, Trainer

from digits.callbacks.scored import Scored
from digits.metrics import fit_temperature
from digits.models import Classifier


class Calibration(Scored):
    """After each validation in training, fit the temperature that testing and predicting divide the logits by.

    Checkpoints keep it; see `fit_temperature`. It changes how sure a network is, never what it says.
    """

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        logits, labels, _ = self.outcomes.compute()
        if isinstance(pl_module, Classifier) and len(labels):
            pl_module.temperature = fit_temperature(logits, labels)
