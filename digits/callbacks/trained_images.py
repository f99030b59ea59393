"""Which images a network was trained on: kept in its checkpoint, with a warning where it is scored on them."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.classifier import Classifier
from digits.console import amount, warn
from digits.data import Digits, DigitsDataModule, datamodule_of
from digits.data.custom_loaders import has_custom_loader
from digits.fingerprints import MOST, count_known, merge


class TrainedImages(Callback):
    """Keep fingerprints of the training images in the checkpoint, and warn when `test` or `validate` meets them again.

    They know an image by its pixels, in whichever file it lies.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = datamodule_of(trainer)
        if (
            isinstance(data, DigitsDataModule)
            and not has_custom_loader(data, "train")
            and isinstance(pl_module, Classifier)
        ):
            pl_module.fingerprints = merge(data.train.fingerprints(), pl_module.fingerprints)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if isinstance(pl_module, Classifier) and pl_module.fingerprints is not None:
            checkpoint["fingerprints"] = pl_module.fingerprints

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not has_custom_loader(data := datamodule_of(trainer), "test"):
            self.warn_of_known(data.test, pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "validate" and not has_custom_loader(data := datamodule_of(trainer), "val"):
            self.warn_of_known(data.val, pl_module)

    def warn_of_known(self, data: Digits, network: Any) -> None:
        """Print a warning if the network was trained on some of these images."""
        if (known := count_known(data.images, network.fingerprints)) == 0:
            return
        if known == len(data):
            which = "these images"
        else:
            least = "at least " if len(network.fingerprints) == MOST else ""  # a sample of more
            which = f"{least}{known:,} of these {amount(len(data), 'image')}"
        warn(f"the network was trained on {which}, so its figures say little about others")
