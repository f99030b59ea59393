"""Images in memory: a batch, a data set, and a part of one.

Shapes: N images, all of 28×28 pixels.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data._utils.collate import default_collate_fn_map

from digits.console import amount
from digits.errors import InputError
from digits.fingerprints import fingerprints
from digits.notes import is_unreadable
from digits.pages.page import DigitBox
from digits.pages.photo import SIDE

MOST_NAMES = 3  # of images that are left out


class Batch:
    """Images and labels, which unpack as in any PyTorch program, and the indices of the images in their data set.

    A named tuple of three would break the `images, labels = batch` of other people's training steps, and a tuple of two
    would lose the indices where Lightning rebuilds it, as in half precision.

    Args:
        images: (N, 28, 28) uint8 from the data set; (N, 1, 28, 28) float32 once they are normalised.
        labels: (N,), int64.
        indices: (N,), int64, on the CPU.
        source: what is known about these images, where their data set is not in memory.
        random_state: in which augmenting these images ended, in a process of the loader; they are float32 then.
        has_non_digits: whether the last images show no digit: their labels and indices are -1.

    In training, a callback may set `soft_labels`, (N, K), the share of each class, which then take the labels' place.
    """

    soft_labels: Tensor | None = None

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        indices: Tensor,
        source: "Digits | None" = None,
        random_state: Tensor | None = None,
        has_non_digits: bool = False,
    ) -> None:
        self.images = images
        self.labels = labels
        self.indices = indices
        self.source = source
        self.random_state = random_state
        self.has_non_digits = has_non_digits

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.images, self.labels))

    def __len__(self) -> int:
        return 2

    @overload
    def __getitem__(self, item: int) -> Tensor: ...
    @overload
    def __getitem__(self, item: slice) -> tuple[Tensor, ...]: ...
    def __getitem__(self, item: int | slice) -> Tensor | tuple[Tensor, ...]:
        return (self.images, self.labels)[item]


def collate(batches: Sequence[Batch], *, collate_fn_map: Any = None) -> Batch:
    """Single images as a batch, for a custom DataLoader with `batch_size`, a sampler or shuffling."""
    images, labels, indices = zip(*((one.images, one.labels, one.indices) for one in batches), strict=True)
    return Batch(torch.stack(images), torch.stack(labels), torch.stack(indices))


default_collate_fn_map[Batch] = collate


class Digits(Dataset[Batch]):
    """Images in memory, with what is known about them.

    Indexed by a number, it gives an image, (28, 28), and its label; by a tensor of numbers, (N,) int64, a batch.

    Args:
        images: (N, 28, 28), uint8, ink as 0 to 255; a tensor or an array.
        labels: (N,), whole numbers from 0 to K - 1, or -1 where unknown; by default all are.
        ids: what the images are called; by default their numbers.
        notes: why an image has nothing to predict, or "" if it has; by default all have.
        places: where in their pictures the images stand, if pictures show several digits.

    Raises:
        InputError: images or labels are of another shape or type.
    """

    def __init__(
        self,
        images: Tensor | np.ndarray,
        labels: Tensor | np.ndarray | None = None,
        ids: Sequence[str] | None = None,
        notes: Sequence[str] | None = None,
        places: Sequence[DigitBox] | None = None,
    ) -> None:
        self.images = torch.as_tensor(images)
        labels = torch.full((len(images),), -1) if labels is None else torch.as_tensor(labels)
        if self.images.shape[1:] != (SIDE, SIDE) or self.images.dtype != torch.uint8:
            raise InputError(f"Digits takes images, (N, 28, 28) uint8, but these are {described(self.images)}")
        if labels.shape != (len(images),) or labels.is_floating_point():
            wanted = f"a whole number for each of {amount(len(images), 'image')}"
            raise InputError(f"Digits takes {wanted} as labels, but these are {described(labels)}")
        self.labels = labels.long()
        self.ids = range(len(images)) if ids is None else ids
        self.notes = notes
        self.places = places

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int | Tensor) -> Batch:
        if isinstance(index, Tensor) and index.ndim:  # `index_select` copies whole images, indexing goes pixel by pixel
            return Batch(self.images.index_select(0, index), self.labels.index_select(0, index), index)
        return Batch(self.images[index], self.labels[index], torch.as_tensor(index))

    def subset(self, indices: Tensor) -> "Digits":
        """The images at `indices`, (M,), int64, in that order."""
        keep = indices.tolist()
        return Digits(
            self.images.index_select(0, indices),
            self.labels.index_select(0, indices),
            [self.ids[i] for i in keep],
            self.notes and [self.notes[i] for i in keep],
            self.places and [self.places[i] for i in keep],
        )

    @cached_property
    def has_labels(self) -> bool:
        """Whether any label is known."""
        return bool((self.labels >= 0).any())

    @property
    def has_notes(self) -> bool:
        """Whether images may have nothing to predict."""
        return self.notes is not None

    def note(self, index: int) -> str:
        """Why an image has nothing to predict; "" if it has."""
        return "" if self.notes is None else self.notes[index]

    @property
    def has_places(self) -> bool:
        """Whether several may stand in one picture."""
        return self.places is not None

    @property
    def unreadable(self) -> int:
        """How many images could not be read; their notes say why."""
        return sum(map(is_unreadable, self.notes or ()))

    def by_picture(self) -> dict[str, list[int]]:
        """The indices of the images of each picture, by its name, where several may stand in one."""
        pictures: dict[str, list[int]] = {}
        for i, name in enumerate(self.ids):
            pictures.setdefault(str(name), []).append(i)
        return pictures

    def labelled(self) -> "Digits":
        """Those that can be scored: a label is known, and there is something to predict."""
        known = self.labels >= 0
        if self.notes is not None:
            known &= torch.tensor([not note for note in self.notes], dtype=torch.bool)
        return self if known.all() else self.subset(known.nonzero().squeeze(1))

    def left_out(self) -> dict[str, str]:
        """Why the others can be neither trained on nor scored, by their names."""
        unknown = "neither its folder nor its name says which digit it is, as 7/ or 7_a.png do"
        notes = self.notes or [""] * len(self)
        rows = zip(self.ids, notes, self.labels.tolist(), strict=True)
        return {str(name): note or unknown for name, note, label in rows if note or label < 0}


def described(tensor: Tensor) -> str:
    """Such as "(10, 28, 28) uint8"."""
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def tell_left_out(reasons: Mapping[str, str]) -> list[str]:
    """Lines that name the first images that are left out, and count the others."""
    lines = [f"Left out: {name} ({reason})" for name, reason in list(reasons.items())[:MOST_NAMES]]
    return lines + [f"Left out: {len(reasons) - MOST_NAMES:,} more"] * (len(reasons) > MOST_NAMES)


def together(parts: Sequence[Digits]) -> Digits:
    """Several data sets as one."""
    first = parts[0]
    return Digits(
        torch.cat([one.images for one in parts]),
        torch.cat([one.labels for one in parts]),
        [str(name) for one in parts for name in one.ids],
        None if first.notes is None else [note for one in parts for note in one.notes or ()],
        None if first.places is None else [place for one in parts for place in one.places or ()],
    )


class DigitsSubset(Dataset[Batch]):
    """Some of the images of a data set, without a copy of them: the training set may be most of the memory there is.

    Args:
        data: the images.
        indices: which of them, (M,), int64.
    """

    def __init__(self, data: Digits, indices: Tensor) -> None:
        self.data = data
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int | Tensor) -> Batch:
        return self.data[self.indices[index]]

    def fingerprints(self) -> Tensor:
        """What tells these images from others, (M,) int64; see digits/fingerprints.py."""
        return fingerprints(self.data.images)[self.indices]

    def first(self, n: int) -> Digits:
        """A copy of the first `n` images, or of all."""
        return self.data.subset(self.indices[:n])


def mean_and_std(images: Tensor) -> tuple[float, float]:
    """Mean and standard deviation of the pixels of images, (N, 28, 28) uint8, on the 0–1 scale."""
    pixels = torch.stack([chunk.flatten().bincount(minlength=256) for chunk in images.split(1000)]).sum(0).double()
    values = torch.arange(256).double() / 255
    mean = round(float((pixels * values).sum() / pixels.sum()), 4)
    variance = (pixels * (values - mean) ** 2).sum() / pixels.sum()
    return mean, max(round(float(variance.sqrt()), 4), 1e-4)
