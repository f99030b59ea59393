"""How sure a network may be of what it says."""

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor

from digits.callbacks.outcomes import OutcomeCollector
from digits.classifier import Classifier
from digits.data import datamodule_of
from digits.doubt import fit_doubt
from digits.metrics import fit_temperature
from digits.network import Network, evaluating

ENOUGH = 5000  # images


class Calibration(OutcomeCollector):
    """After each validation in training, fit the temperature that logits are divided by, and what is to be doubted.

    Checkpoints keep both; see `fit_temperature` and `fit_doubt`. The temperature changes how sure a network is, never
    what it says. Where there is nothing to validate on, they are fitted at the end, on training images, moved and
    distorted as in training: the network knows them too well otherwise.
    """

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn != "fit":
            return  # these logits have been divided by the temperature already
        if isinstance(pl_module, Classifier) and (kept := self.collected()) is not None:
            calibrate(pl_module, *kept[:2])

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = datamodule_of(trainer)
        if not isinstance(pl_module, Classifier) or trainer.val_dataloaders:
            return
        some = data.train.first(ENOUGH)
        logits = []
        with torch.inference_mode(), torch.random.fork_rng(devices=[]), evaluating(pl_module):
            for images in some.images.split(data.eval_batch_size):
                images = data.augment(images.to(pl_module.device))
                outputs = pl_module(pl_module.normalize_images(images))
                logits += [outputs.float().cpu()] if isinstance(outputs, Tensor) else []  # else of custom steps
        if not logits:
            return
        calibrate(pl_module, torch.cat(logits), some.labels)
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, ModelCheckpoint) and callback.best_model_path and trainer.is_global_zero:
                checkpoint = torch.load(callback.best_model_path, weights_only=True)
                checkpoint["temperature"] = pl_module.temperature
                checkpoint["doubt"] = pl_module.doubt._asdict()
                trainer.strategy.checkpoint_io.save_checkpoint(checkpoint, callback.best_model_path)


def calibrate(network: Network, logits: Tensor, labels: Tensor) -> None:
    """Set temperature and doubt from logits, (N, K), of images of digits, and their labels, (N,)."""
    if not logits.isfinite().all():
        return  # `FiniteLoss` says so at the end of the epoch
    network.temperature = fit_temperature(logits, labels)
    network.doubt = fit_doubt((logits / network.temperature).softmax(dim=1))
