"""Custom loaders, in place of those of a data module."""

from typing import Any

from torch import Tensor

PACKAGE = "digits.data.base"  # where the loaders of this package are


def has_custom_loader(data: Any, split: str) -> bool:
    """Whether custom code gives the batches of "train", "val", "test" or "predict", of whatever images."""
    return getattr(getattr(type(data), f"{split}_dataloader", None), "__module__", None) != PACKAGE


def is_raw_pair(batch: Any) -> bool:
    """Whether a batch is images, (N, 28, 28), as they come from a file, and labels."""
    return isinstance(batch, list | tuple) and len(batch) == 2 and isinstance(batch[0], Tensor) and batch[0].ndim == 3
