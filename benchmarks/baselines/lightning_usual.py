"""The usual Lightning pipeline: torchvision's MNIST, ToTensor and Normalize for each image, DataLoader.

python -m benchmarks.baselines.lightning_usual NETWORK ROOT --epochs 2 --batch_size 200 --workers 2
"""

import argparse
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader, random_split
from torchvision.datasets import MNIST
from torchvision.transforms import Compose, Normalize, ToTensor

from benchmarks.baselines.loop import network


class Usual(LightningModule):
    """The network with plain steps."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.network = network(name, optimizations=())

    def training_step(self, batch: list[Tensor]) -> Tensor:
        images, labels = batch
        loss = F.cross_entropy(self.network(images), labels)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor]) -> None:
        images, labels = batch
        logits = self.network(images)
        self.log("val_loss", F.cross_entropy(logits, labels))
        self.log("val_accuracy", (logits.argmax(dim=1) == labels).float().mean())

    def on_train_epoch_end(self) -> None:
        print("end of epoch", flush=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters())


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    parser.add_argument("root", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch_size", type=int, default=200)
    parser.add_argument("--workers", type=int, default=0)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    dataset = MNIST(args.root, train=True, transform=Compose([ToTensor(), Normalize((0.1307,), (0.3081,))]))
    train, val = random_split(dataset, [55_000, 5_000], generator=torch.Generator().manual_seed(0))
    options = {"batch_size": args.batch_size, "num_workers": args.workers, "persistent_workers": args.workers > 0}
    trainer = Trainer(
        max_epochs=args.epochs, logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu"
    )
    trainer.fit(Usual(args.network), DataLoader(train, shuffle=True, **options), DataLoader(val, **options))


if __name__ == "__main__":
    main()
