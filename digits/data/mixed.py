"""Images of one's own mixed with MNIST's, to learn the ones and not to forget the others."""

from copy import copy
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from digits.console import amount, named
from digits.data.base import DigitsDataModule, begin
from digits.data.dataset import Digits, DigitsSubset
from digits.data.mnist import MNISTDataModule
from digits.data.split import stratified_split, with_labels
from digits.errors import InputError, check_number
from digits.network import DIGITS

VAL_SIZE = 5000  # images of MNIST's to validate on: those that the networks of the configs were not trained on
ENOUGH = 10  # own images of each class that occurs: from then on, a fifth can be spared


class MixedDataModule(DigitsDataModule):
    """Own images of digits mixed with MNIST's training images; validates on MNIST's validation images.

    So a network that knows MNIST learns another hand, and does not forget those that it knows.

    Args:
        own: the own images.
        mnist_share: MNIST's part of the training images, from 0 to less than 1.
        images: in an epoch, in which the own ones come up again and again; more where there are more own ones.
        held_out: own images that are not trained on, to be scored; by default a fifth of them, if there are at least 10
            of each class that there is, and otherwise none.
        shared: what all sources share; see DigitsDataModule. `val_size` decides nothing.
    """

    own_images: Digits  # those that can be trained on or scored
    own_train: Tensor  # indices of those to train on, (M,) int64
    own_held_out: Tensor  # indices of the others

    def __init__(
        self,
        own: DigitsDataModule,
        mnist_share: float = 0.75,
        images: int = 6000,
        held_out: int | None = None,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        if isinstance(self.hparams.get("own"), DigitsDataModule):
            del self.hparams["own"]  # a checkpoint holds plain values
        check_number("--mnist_share", mnist_share, below=1)
        check_number("--data.images", images, least=1, whole=True)
        self.own = own
        self.mnist_share = mnist_share
        self.images = images
        self.held_out = held_out
        self.left_out: dict[str, str] = {}  # why, by the name of an own image that can't be trained on
        self.everything: Digits | None = None  # the own images, and MNIST's

    def load(self, split: str) -> Digits:
        return self.own.load(split)

    def original(self, index: int) -> Image.Image:
        return self.own.original(index)

    def setup(self, stage: str) -> None:
        if stage not in ("fit", "validate"):
            super().setup(stage)
            return
        if self.everything is None:
            self.everything = self.load_everything()
        self.train = DigitsSubset(self.everything, self.mix(self.own_train))
        begin(self)

    def load_everything(self) -> Digits:
        """Load the own images and, behind them, MNIST's, and choose those that are held out.

        Raises:
            InputError: there is nothing to train on, or the own images are of other classes.
        """
        own = self.load("train")
        if tuple(self.own.classes) != DIGITS:
            raise InputError(f"--mnist_share mixes digits in, but the images are of {named(self.own.classes)}")
        self.own_images = with_labels(own, self.own.classes)
        self.left_out = own.left_out()
        labels = self.own_images.labels
        if len(labels) == 0:
            first = "; ".join(f"{name}: {why}" for name, why in [*self.left_out.items()][:1])
            raise InputError(f"there is nothing to train on: of {amount(len(own), 'image')} none can be used ({first})")
        held_out = enough_to_hold_out(labels) if self.held_out is None else self.held_out
        if held_out >= len(labels):
            raise InputError(f"--data.val_size {held_out} leaves nothing to train on of {amount(len(labels), 'image')}")
        self.own_train, self.own_held_out = stratified_split(labels, held_out, self.split_seed)
        mnist = MNISTDataModule(val_size=VAL_SIZE)
        mnist.setup("fit")
        self.val, self.val_size, self.mnist_train = mnist.val, VAL_SIZE, mnist.train.indices
        every = mnist.train.data
        return Digits(torch.cat([self.own_images.images, every.images]), torch.cat([labels, every.labels]))

    def mix(self, own: Tensor) -> Tensor:
        """The training images of an epoch.

        Args:
            own: indices of the own images to train on, (M,) int64.

        Returns:
            Indices of all images: the own ones, MNIST's, and the own ones again, as often as their share asks for.
        """
        total = max(self.images, round(len(own) / (1 - self.mnist_share)))
        others = min(round(total * self.mnist_share), len(self.mnist_train))
        generator = torch.Generator().manual_seed(self.split_seed)
        some = self.mnist_train[torch.randperm(len(self.mnist_train), generator=generator)[:others]]
        again = own[torch.arange(len(own), max(total - others, len(own))) % len(own)]
        return torch.cat([own, some + len(self.own_images), again])

    def without(self, some: Tensor) -> "MixedDataModule":
        """The same, but for some own images that are not trained on: their indices, int64."""
        other = copy(self)
        other.trainer = None
        other.own_train = self.own_train[~torch.isin(self.own_train, some)]
        return other


def enough_to_hold_out(labels: Tensor) -> int:
    """A fifth of the images, (N,) int64 labels, if there are enough of each class; otherwise 0."""
    return len(labels) // 5 if labels.bincount()[labels.unique()].min() >= ENOUGH else 0
