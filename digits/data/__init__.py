"""Sources of images, as LightningDataModules."""

from digits.data.base import Digits, DigitsDataModule
from digits.data.mnist import MNISTDataModule

__all__ = ["Digits", "DigitsDataModule", "MNISTDataModule"]
