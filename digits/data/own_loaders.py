"""Batches of loaders that somebody else wrote, checked before the standard steps take them."""

from typing import Any, NoReturn

from torch import Tensor

from digits.errors import InputError

STANDARD = "digits.classifier"  # where the steps that take images and labels are defined
PACKAGE = "digits.data.base"  # where the loaders of this package are
BUILT_IN = "digits.models"  # where the networks of 28×28 pixels are

STEPS = {"train": "training_step", "test": "test_step", "predict": "predict_step"}  # by Lightning's stage


def check_batch(batch: Any, module: Any, step: str) -> None:
    """Check a batch, on the device that it was loaded on, against what a network's step takes.

    Args:
        batch: what the loader gave.
        module: the network; one with a step of its own takes what it likes.
        step: the name of its step.

    Raises:
        InputError: tells what the loader gives, and what was to be given.
    """
    if getattr(getattr(type(module), step, None), "__module__", "") != STANDARD:
        return
    pair = isinstance(batch, list | tuple) and len(batch) >= 2 and all(isinstance(one, Tensor) for one in batch[:2])
    if not pair:
        refuse(f"{describe(batch)}, but {step} takes images and labels: write a {step} of your own")
    images, labels = batch[:2]
    if labels.shape != images.shape[:1] or labels.is_floating_point():
        refuse(
            f"labels of shape {tuple(labels.shape)} and type {labels.dtype}: there should be a number for each image"
        )
    if type(module).__module__ != BUILT_IN:
        return
    if images.shape[1:] not in ((28, 28), (1, 28, 28)):
        refuse(f"images of shape {tuple(images.shape)}: {type(module).__name__} takes (N, 28, 28) or (N, 1, 28, 28)")
    if step != "predict_step" and len(labels) and not 0 <= labels.min() <= labels.max() < len(module.classes):
        refuse(f"labels from {labels.min()} to {labels.max()}, but there are {len(module.classes)} classes")


def has_own_loader(data: Any, split: str) -> bool:
    """Whether somebody else's code gives the batches of "train", "val" or "test": they may be of any images."""
    return getattr(getattr(type(data), f"{split}_dataloader", None), "__module__", None) != PACKAGE


def refuse(what: str) -> NoReturn:
    """Raise an InputError."""
    raise InputError(f"your loader gives {what}")


def describe(batch: Any) -> str:
    """What a batch is, in a few words."""
    if isinstance(batch, dict):
        return f"a dictionary of {', '.join(map(str, batch))}"[:100]
    if isinstance(batch, list | tuple):
        return f"a {type(batch).__name__} of {', '.join(type(one).__name__ for one in batch[:5])}"
    return f"a {type(batch).__name__}"


def is_raw_pair(batch: Any) -> bool:
    """Whether a batch is images, (N, 28, 28), as they come from a file, and labels."""
    return isinstance(batch, list | tuple) and len(batch) == 2 and isinstance(batch[0], Tensor) and batch[0].ndim == 3
