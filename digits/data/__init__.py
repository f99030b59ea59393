"""Sources of images, as LightningDataModules."""

from digits.data.base import Digits, DigitsDataModule, source
from digits.data.images import ImageDataModule
from digits.data.mnist import MNISTDataModule
from digits.data.tables import CSVDataModule

__all__ = ["CSVDataModule", "Digits", "DigitsDataModule", "ImageDataModule", "MNISTDataModule", "source"]
