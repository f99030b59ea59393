"""Training of the network that finds ink."""

from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor

from digits.ink import InkNet


class InkSegmenter(LightningModule):
    """Trains an `InkNet` on made pages with AdamW and the one-cycle schedule.

    The loss is cross-entropy and Dice (Milletari, Navab and Ahmadi, 2016) on ink; where there is ink, cross-entropy on
    what is no digit; around ink, cross-entropy on contacts.

    Args:
        lr: the highest learning rate of the schedule.
        weight_decay: of AdamW.
        weights: a file of weights to start from, as `digits.ink.save_weights` leaves it.
    """

    def __init__(self, lr: float = 3e-3, weight_decay: float = 0.01, weights: str | None = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.lr = lr
        self.weight_decay = weight_decay
        self.network = InkNet().to(memory_format=torch.channels_last)
        if weights is not None:
            self.network.load_state_dict(torch.load(weights, weights_only=True))

    def forward(self, images: Tensor) -> Tensor:
        """See `InkNet.forward`."""
        return self.network(images)

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss, parts = self.losses(batch)
        self.log_dict({f"train/{name}": value for name, value in parts.items()}, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        loss, parts = self.losses(batch)
        self.log_dict({"val/loss": loss, **{f"val/{name}": value for name, value in parts.items()}}, prog_bar=True)

    def losses(self, batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Made crops, (N, 4, H, W) uint8, to the loss and its parts."""
        images, ink, other, contact = (batch.float() / 255).to(memory_format=torch.channels_last).split(1, dim=1)
        logits = self(images).float()
        of_ink, of_other, of_contact = logits.split(1, dim=1)
        found = of_ink.sigmoid()
        both, either = (found * ink).sum((1, 2, 3)), (found + ink).sum((1, 2, 3))
        parts = {
            "ink": F.binary_cross_entropy_with_logits(of_ink, ink),
            "dice": (1 - (2 * both + 50) / (either + 50)).mean(),
            "other": weighted(of_other, (other > 0.4).float(), ink),
            "contact": weighted(of_contact, contact, torch.maximum(ink, contact) * (1 + 2 * contact)),
        }
        loss = 2 * parts["ink"] + 0.5 * parts["dice"] + 0.3 * parts["other"] + 0.5 * parts["contact"]
        return loss, {name: value.detach() for name, value in parts.items()}

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=self.lr, total_steps=steps, pct_start=0.1)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def weighted(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy, weighted; all (N, 1, H, W)."""
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (losses * weights).sum() / (weights.sum() + 1)
