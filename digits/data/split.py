"""Which images are trained on, which are validated on, and which can be neither."""

from collections.abc import Sequence

import torch
from torch import Tensor

from digits.console import amount, say, warn
from digits.data.dataset import Digits, tell_left_out
from digits.errors import InputError


def usable(data: Digits, classes: Sequence[str]) -> Digits:
    """The images that can be trained on or scored, as by `with_labels`; says which are left out, and why."""
    labelled = with_labels(data, classes)
    for line in tell_left_out(data.left_out()) if len(labelled) < len(data) else ():
        say(line)
    return labelled


def with_labels(data: Digits, classes: Sequence[str]) -> Digits:
    """The images that can be trained on or scored.

    Args:
        data: what a data module loaded.
        classes: its names of them.

    Raises:
        InputError: it loaded something else, or there are labels of other classes.
    """
    if not isinstance(data, Digits):
        raise InputError(f"`load` of the data module returned a {type(data).__name__}: return Digits(images, labels)")
    labelled = data.labelled()
    if len(labelled) and (most := int(labelled.labels.max())) >= len(classes):
        raise InputError(
            f"there are labels up to {most}, but {len(classes)} classes: the data module names them in `classes`"
        )
    return labelled


def stratified_split(labels: Tensor, val_size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Split into training and validation with every class in proportion, the same on every machine.

    The images are shuffled, then sorted by class; validation takes `val_size` of them at even distances.

    Args:
        labels: (N,), int64.
        val_size: how many images to validate on.
        seed: of the shuffling; the split depends on nothing else.

    Returns:
        Indices of the training and of the validation images, each ascending, int64.
    """
    n, by_class = len(labels), shuffled_by_class(labels, seed)
    validation = torch.zeros(n, dtype=torch.bool)
    validation[by_class[torch.arange(val_size) * n // max(val_size, 1)]] = True
    return (~validation).nonzero().squeeze(1), validation.nonzero().squeeze(1)


def shuffled_by_class(labels: Tensor, seed: int) -> Tensor:
    """The indices of images, (N,) int64, sorted by their labels, (N,) int64, and within a class in random order."""
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return shuffled[labels[shuffled].argsort(stable=True)]


def check_trainable(data: Digits, val_size: int, classes: Sequence[str], stage: str) -> None:
    """Check that something is left to train on, or to validate on, and warn where there is nothing to learn.

    Args:
        data: the images that have labels.
        val_size: how many of them are held out.
        classes: their names.
        stage: "fit" or "validate".

    Raises:
        InputError: there is nothing to train on, or to validate on.
    """
    if stage == "validate":
        if val_size >= len(data):
            raise InputError(
                f"`validate` scores what `fit` holds out, --data.val_size {val_size}, but there "
                f"{'is' if len(data) == 1 else 'are'} {amount(len(data), 'image')} with a label: `test` scores all"
            )
        return
    if len(data) == 0:
        raise InputError("there is nothing to train on: no image has a label")
    if val_size >= len(data):
        raise InputError(
            f"--data.val_size {val_size} leaves nothing to train on of {amount(len(data), 'image')} with a label; "
            f"a fifth of them is --data.val_size {len(data) // 5}"
        )
    if len(data) > 100 and (only := data.labels.unique()).numel() == 1:
        warn(f"all {len(data):,} training images have the label {classes[int(only)]}: any network is right")
