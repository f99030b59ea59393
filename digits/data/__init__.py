"""Sources of images, as LightningDataModules."""

from digits.data.base import Digits, DigitsDataModule, datamodule_of
from digits.data.csv import CSVDataModule
from digits.data.mixed import MixedDataModule
from digits.data.mnist import MNISTDataModule
from digits.data.pictures import ImageDataModule

__all__ = [
    "CSVDataModule",
    "Digits",
    "DigitsDataModule",
    "ImageDataModule",
    "MNISTDataModule",
    "MixedDataModule",
    "datamodule_of",
]
