"""Sources of images, as LightningDataModules."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digits.data.base import DigitsDataModule, datamodule_of
    from digits.data.csv import CSVDataModule
    from digits.data.dataset import Digits
    from digits.data.images import ImageDataModule
    from digits.data.mixed import MixedDataModule
    from digits.data.mnist import MNISTDataModule

__all__ = [
    "CSVDataModule",
    "Digits",
    "DigitsDataModule",
    "ImageDataModule",
    "MNISTDataModule",
    "MixedDataModule",
    "datamodule_of",
]

MODULES = {
    "CSVDataModule": "csv",
    "Digits": "dataset",
    "DigitsDataModule": "base",
    "ImageDataModule": "images",
    "MNISTDataModule": "mnist",
    "MixedDataModule": "mixed",
    "datamodule_of": "base",
}


def __getattr__(name: str) -> Any:
    """Import Lightning only when it is asked for: preparing a picture needs none."""
    if name not in MODULES:
        raise AttributeError(f"module 'digits.data' has no attribute '{name}'")
    return getattr(importlib.import_module(f"digits.data.{MODULES[name]}"), name)
