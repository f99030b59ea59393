"""Trained networks from Python: `from digits import load; load("best.ckpt").predict("photo.jpg")`."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from digits.checkpoint import Checkpoint
from digits.data.photo import SIDE
from digits.data.pictures import load_one
from digits.errors import InputError
from digits.fast.process import use_channels_last
from digits.fast.threads import use_one_thread_after_fork
from digits.network import Network
from digits.reading import Reading, read
from digits.runs import find_checkpoint

Picture = str | Path | Image.Image
Images = Picture | np.ndarray | Tensor | Sequence[Picture | np.ndarray | Tensor]

BATCH = 500
COLOURS = (3, 4)  # channels of a picture in colour


class Predictions(NamedTuple):
    """What a network says about N images.

    Where there is no digit to predict, or several, the class is None, the probabilities are NaN, and the note says why.
    A prediction that is to be doubted has the note "unsure" or "probably not a digit" (see digits/doubt.py), others an
    empty one.
    """

    classes: list[str | None]
    probabilities: np.ndarray  # (N, 10), float32
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
            images: a picture's file, a PIL image, or a sequence of them: anything with one digit on it, which is
                brought to MNIST's form first (see `digits.data.photo.prepare`); of one with several digits the note
                says so, and `read` reads it. Or an array or tensor, (H, W), (N, H, W), (N, 1, H, W), (N, H, W, 1) or
                (N, 784): with 28×28 pixels as MNIST has them, ink as 0 to 255 (uint8) or 0 to 1 (float); with another
                size as pictures. Or a picture in colour, (H, W, 3).

        Raises:
            InputError: an array has another shape, type or range.
        """
        pairs = [pair for item in as_list(images) for pair in to_mnist(item)]
        notes = [note for _, note in pairs]
        raw = torch.from_numpy(np.stack([image for image, _ in pairs])) if pairs else torch.empty(0, 28, 28)
        with torch.inference_mode():
            batches = raw.to(self.model.device).split(BATCH) if len(raw) else ()
            logits = [self.model.eval_logits(batch) for batch in batches]
        probabilities = torch.cat(logits).softmax(dim=1).cpu().numpy() if logits else np.empty((0, len(self.classes)))
        best = probabilities.argmax(axis=1)
        probabilities[[bool(note) for note in notes]] = np.nan
        classes = [None if note else self.classes[i] for i, note in zip(best, notes, strict=True)]
        doubts = [self.model.doubt.note(p) for p in probabilities.max(axis=1).tolist()] if len(notes) else []
        notes = [note or doubt for note, doubt in zip(notes, doubts, strict=True)]
        return Predictions(classes, probabilities, notes)

    def read(self, picture: Picture | BytesIO) -> Reading:
        """Read a picture of one digit, or a page of numbers; see `digits.reading.Reading`.

        Args:
            picture: a picture's file, its content, or a PIL image.
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


def as_list(images: Images) -> Sequence[Picture | np.ndarray | Tensor]:
    """One image or array as a list of one; a sequence as it is."""
    if isinstance(images, str | Path | Image.Image | np.ndarray | Tensor | bytes) or not isinstance(images, Sequence):
        return [images]
    return images


def to_mnist(item: Picture | np.ndarray | Tensor) -> list[tuple[np.ndarray, str]]:
    """One picture, or an array of several, as images in MNIST's form, each (28, 28) uint8, and their notes."""
    if isinstance(item, np.ndarray | Tensor):
        array = to_uint8(np.asarray(item.detach().cpu() if isinstance(item, Tensor) else item))
        if array.shape[-1] in COLOURS and array.ndim == 3:
            return to_mnist(Image.fromarray(array))
        if array.shape[1:] == (28, 28):
            return [(image, "" if image.any() else "blank") for image in array]
        return [pair for image in array for pair in to_mnist(Image.fromarray(image))]
    if not isinstance(item, str | Path | Image.Image):
        raise InputError(f"a picture as {type(item).__name__}: give a file's name, a PIL image, an array or a tensor")
    return [(image, note) for image, note, _ in load_one(Path(item) if isinstance(item, str) else item)]


def to_uint8(array: np.ndarray) -> np.ndarray:
    """An array of the shapes, types and ranges that `Predictor.predict` takes, as (N, H, W) uint8, 0 to 255.

    A picture in colour, (H, W, 3 or 4), stays one.
    """
    shape = array.shape
    if array.ndim == 2 and shape[1] == SIDE**2:
        array = array.reshape(-1, SIDE, SIDE)
    if array.ndim == 4 and 1 in (shape[1], shape[3]):
        array = array[:, 0] if shape[1] == 1 else array[..., 0]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3:
        raise InputError(f"images of shape {shape}: give (H, W), (N, H, W), (N, 1, H, W) or (N, H, W, 1)")
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"images of type {array.dtype}: give uint8 from 0 to 255, or float from 0 to 1")
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise InputError(
            f"images from {array.min():g} to {array.max():g}: give float from 0 to 1, or uint8 from 0 to 255"
        )
    return (array * 255).round().astype(np.uint8)
