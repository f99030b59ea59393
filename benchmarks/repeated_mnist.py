"""MNIST with its training images repeated, for data sets of any size."""

from typing import Any

from digits.data import Digits, MNISTDataModule


class RepeatedMNIST(MNISTDataModule):
    """MNIST with its training images repeated.

    Args:
        times: how often.
        shared: what all sources share; see DigitsDataModule.
    """

    def __init__(self, times: int = 1, **shared: Any) -> None:
        super().__init__(**shared)
        self.times = times

    def load(self, split: str) -> Digits:
        data = super().load(split)
        if split != "train":
            return data
        return Digits(data.images.repeat(self.times, 1, 1), data.labels.repeat(self.times))
