"""Batches of custom loaders, checked before the standard steps take them."""

from typing import Any, NoReturn

from torch import Tensor, nn

from digits.errors import InputError

BUILT_IN = "digits.models"  # where the networks of 28×28 pixels are


def images_and_labels(batch: Any, network: nn.Module, step: str) -> tuple[Tensor, Tensor]:
    """What a step takes of a batch, which is checked unless a loader of this package made it.

    Args:
        batch: what the loader gave.
        network: whose step it is.
        step: its name.

    Raises:
        InputError: tells what the loader gives, and what was to be given.
    """
    if not hasattr(batch, "indices"):
        check_batch(batch, network, step)
    return batch[0], batch[1]


def check_batch(batch: Any, network: Any, step: str) -> None:
    """Check a batch of a custom loader; see `images_and_labels`."""
    pair = isinstance(batch, list | tuple) and len(batch) >= 2 and all(isinstance(one, Tensor) for one in batch[:2])
    if not pair:
        refuse(f"{describe(batch)}, but {step} takes images and labels: write a {step} of your own")
    images, labels = batch[:2]
    if labels.shape != images.shape[:1] or labels.is_floating_point():
        refuse(
            f"labels of shape {tuple(labels.shape)} and type {labels.dtype}: there should be a number for each image"
        )
    if type(network).__module__ != BUILT_IN:
        return
    if images.shape[1:] not in ((28, 28), (1, 28, 28)):
        refuse(f"images of shape {tuple(images.shape)}: {type(network).__name__} takes (N, 28, 28) or (N, 1, 28, 28)")
    if not images.is_floating_point() and (images.ndim == 4 or step == "training_step"):
        refuse(f"images of type {images.dtype}: give scaled ones, (N, 1, 28, 28) float32, or use a DigitsDataModule")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(network.classes):
        refuse(f"labels from {labels.min()} to {labels.max()}, but there are {len(network.classes)} classes")


def images_of(batch: Any) -> Any:
    """The images of a batch to predict, which may have no labels."""
    return batch if isinstance(batch, Tensor) else batch[0]


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
