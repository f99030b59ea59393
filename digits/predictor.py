"""Trained networks from Python: `from digits import load; load("best.ckpt").predict("photo.jpg")`."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from digits.checkpoint import Checkpoint
from digits.data.arrays import to_pictures
from digits.data.pictures import load_one
from digits.fast.process import use_channels_last
from digits.fast.threads import use_one_thread_after_fork
from digits.network import Network, probabilities_of
from digits.pages.photo import SIDE
from digits.reading import Bytes, Reading, as_file, read
from digits.runs import find_checkpoint

Picture = str | Path | Bytes | IO[bytes] | Image.Image
Images = Picture | np.ndarray | Tensor | Iterable[Picture | np.ndarray | Tensor]


class Predictions(NamedTuple):
    """What a network says about N images.

    Where there is no digit to predict, or several, the class is None, the probabilities are NaN, and the note says why.
    A prediction that is to be doubted has the note "unsure" or "probably not a digit" (see digits/doubt.py), others an
    empty one.
    """

    classes: list[str | None]
    probabilities: np.ndarray  # (N, K), float32, of K classes
    notes: list[str]


class Predictor:
    """Predicts with a trained network; see `load`.

    Args:
        model: the network.
    """

    def __init__(self, model: Network) -> None:
        self.model = model.eval()
        self.classes = list(model.classes)

    def predict(self, images: Images) -> Predictions:
        """Predict one image or many.

        Args:
            images: a picture's file, open or by name, its content, a PIL image, or several of them, such as a list:
                anything with one digit on it, which is brought to MNIST's form first (see `digits.pages.photo`);
                if it shows several digits, the note says so, and `read` reads it. Or an array or tensor of integers
                from 0 to 255, float from 0 to 1 or bool: (H, W), (H, W, 1) or (H, W, 3) is one picture; (N, H, W), (N,
                H, W, C), (N, C, H, W) and (N, 784) are many, with C = 1, 3 or 4. Grey ones of 28×28 pixels are taken as
                they are, like MNIST's, light ink on 0; others are pictures. (3, H, W) is refused: it may be three
                pictures, or one in colour.

        Raises:
            InputError: an array has another shape, type or range.
        """
        pairs = [pair for item in as_list(images) for pair in to_mnist(item)]
        notes = [note for _, note in pairs]
        raw = torch.from_numpy(np.stack([image for image, _ in pairs])) if pairs else torch.empty(0, 28, 28)
        probabilities = probabilities_of(self.model, raw).numpy()
        best = probabilities.argmax(axis=1)
        probabilities[[bool(note) for note in notes]] = np.nan
        classes = [None if note else self.classes[i] for i, note in zip(best, notes, strict=True)]
        doubts = [self.model.doubt.note(p) for p in probabilities.max(axis=1).tolist()] if len(notes) else []
        notes = [note or doubt for note, doubt in zip(notes, doubts, strict=True)]
        return Predictions(classes, probabilities, notes)

    def read(self, picture: Picture | np.ndarray | Tensor) -> Reading:
        """Read a picture of one digit, or a page of numbers; see `digits.reading.Reading`.

        Args:
            picture: a picture's file, open or by name, its content, a PIL image, or an array of one.

        Raises:
            InputError: it is none of these.
        """
        return read(self, picture)


def load(source: str | Path) -> Predictor:
    """Load a trained network.

    Args:
        source: a checkpoint; the folder of a run, whose best checkpoint is taken; a folder of runs, whose newest is; or
            "pretrained", for the weights that come with the package.

    Raises:
        InputError: there is none, or it is damaged.
    """
    checkpoint = Checkpoint.read(find_checkpoint(source))
    if checkpoint.trained_on is None:
        checkpoint.refuse("does not say what images it was trained on: train anew with `digits fit`")
    network = checkpoint.network()
    use_channels_last(network)
    use_one_thread_after_fork()
    return Predictor(network)


@cache
def load_once(source: str) -> Predictor:
    """Load a trained network, or take the one that this process has loaded before; see `load`."""
    return load(source)


def as_list(images: Images) -> list[Picture | np.ndarray | Tensor]:
    """One image or array as a list of one; several as a list."""
    if isinstance(images, str | Bytes | np.ndarray | Tensor | Image.Image) or hasattr(images, "read"):
        return [images]  # type: ignore[list-item]  # mypy takes a file for several
    return list(images) if isinstance(images, Iterable) else [images]


def to_mnist(item: Picture | np.ndarray | Tensor) -> list[tuple[np.ndarray, str]]:
    """One picture, or an array of several, as images in MNIST's form, each (28, 28) uint8, and their notes."""
    if isinstance(item, np.ndarray | Tensor):
        array = to_pictures(item)
        if array.shape[1:] == (SIDE, SIDE):
            return [(image, "" if image.any() else "blank") for image in array]
        return [pair for image in array for pair in to_mnist(Image.fromarray(image))]
    picture = item if isinstance(item, Image.Image) else as_file(item)
    return [(image, note) for image, note, _ in load_one(picture)]
