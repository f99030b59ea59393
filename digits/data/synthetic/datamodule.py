"""A LightningDataModule that makes its pages while it trains."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from digits.data.mnist import MNISTDataModule
from digits.data.synthetic.crop import Digits, make_crop
from digits.data.synthetic.dice import Dice
from digits.data.synthetic.skeleton import trace_all


class SyntheticPages(LightningDataModule):
    """Crops of made pages, none of which is seen twice: (N, 4, 192, 192) uint8, see `Crop`.

    Written with MNIST's training images and drawn strokes; to validate with other digits, MNIST's validation images.

    Args:
        batch_size: crops a step.
        crops: in an epoch.
        val_crops: to validate on.
        digits: how many of MNIST's training images are written with.
        val_size: how many of them are kept to validate with.
        seed: what is made depends on it alone.
        without: ingredients to leave out, such as [rules, shadows]; see the calls of `Dice.chance`.
        num_workers: processes that make crops; 0 makes them in this one.
    """

    def __init__(
        self,
        batch_size: int = 16,
        crops: int = 16_000,
        val_crops: int = 256,
        digits: int = 6000,
        val_size: int = 5000,
        seed: int = 0,
        without: Sequence[str] = (),
        num_workers: int = 1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.batch_size = batch_size
        self.crops = crops
        self.val_crops = val_crops
        self.digits = digits
        self.val_size = val_size
        self.seed = seed
        self.without = list(without)
        self.num_workers = num_workers

    def setup(self, stage: str) -> None:
        source = MNISTDataModule(val_size=self.val_size)
        source.setup("fit")
        train, val = source.train.first(self.digits), source.val.subset(torch.arange(min(len(source.val), 500)))
        self.train, self.val = (to_write_with(data.images, data.labels) for data in (train, val))

    def train_dataloader(self) -> DataLoader[Tensor]:
        made = MadeCrops(self.train, (self.seed, 1), self.without)
        return DataLoader(made, self.batch_size, sampler=NewNumbers(self.crops), num_workers=self.num_workers)

    def val_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader(MadeCrops(self.val, (self.seed, 0)), self.batch_size, sampler=range(self.val_crops))


class MadeCrops(Dataset[Tensor]):
    """Crops that are made when they are asked for, each (4, 192, 192) uint8: one for each number from 0.

    Args:
        digits: to write with.
        seed: of all, to which the number of each is added.
        without: ingredients to leave out.
    """

    def __init__(self, digits: Digits, seed: tuple[int, ...], without: Sequence[str] = ()) -> None:
        self.digits = digits
        self.seed = seed
        self.without = without

    def __getitem__(self, i: int) -> Tensor:
        return torch.from_numpy(np.stack(make_crop(Dice((*self.seed, i), self.without), self.digits)))


class NewNumbers(Sampler[int]):
    """The numbers of an epoch's crops, others in each epoch: the Trainer calls `set_epoch`."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.epoch = 0

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.epoch * self.n, (self.epoch + 1) * self.n))

    def set_epoch(self, epoch: int) -> None:
        """Go on to the numbers of this epoch."""
        self.epoch = epoch


def to_write_with(images: Tensor, labels: Tensor) -> Digits:
    """Images, (N, 28, 28) uint8, and labels, (N,), with the strokes of each."""
    return Digits(images.numpy(), labels.numpy(), trace_all(images.numpy()))
