"""Training images that are augmented in the loader's processes, so that a GPU need not wait for it.

Augmentation is hundreds of small operations, and a GPU takes as long to start one as a processor to compute it.
"""

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import Dataset

from digits.data.batches import Batches, random_seed
from digits.data.dataset import Batch

if TYPE_CHECKING:
    from digits.data.base import DigitsDataModule


class SeededBatches(Batches):
    """As `Batches`, each with the seed of what is drawn at random for it."""

    def __iter__(self) -> Iterator[tuple[int, Tensor]]:  # type: ignore[override]
        first = self.start if self.epoch == self.first_epoch else 0
        for number, indices in enumerate(super().__iter__(), first):
            yield batch_seed(self.order_seed or 0, self.epoch, self.rank, number), indices


class AugmentedImages(Dataset[Batch]):
    """The training images of a data module, augmented by it.

    Indexed by a seed and the numbers of images, it gives their batch, with the random state in which augmentation ends:
    what is drawn after it, such as dropout, is then the same as without these processes.

    Args:
        data: the data module, which is set up.
    """

    def __init__(self, data: "DigitsDataModule") -> None:
        self.data = copy(data)
        self.data.trainer = None  # is not needed, and can't be sent to another process

    def __getitem__(self, item: tuple[int, Tensor]) -> Batch:
        seed, indices = item
        torch.default_generator.manual_seed(seed)
        batch = self.data.broaden(self.data.train[indices])
        batch.random_state = torch.get_rng_state()
        return batch


def batch_seed(seed: int, epoch: int, rank: int, number: int) -> int:
    """The seed of what is drawn at random for a batch: augmentation and dropout."""
    return random_seed(seed, epoch, rank + 1) + number
