"""Which images make up which batch, on which process, and what is drawn at random for it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DistributedSampler

from digits.data.dataset import Batch
from digits.errors import InputError


class Batches(DistributedSampler[Tensor]):
    """Batches of the numbers 0 to n - 1, each an int64 tensor, by which a data set is indexed once.

    To train, give a seed: each epoch has its own order, which depends on nothing but seed and epoch. Its batches are
    equally large, give or take an image, so that there is no small one at the end, and the processes share each evenly.

    To score, give none: the order is kept, and the batches are dealt whole to the processes in turn, so that they are
    the same on any number of them, and nothing is counted twice. Every process gets equally many batches; when they
    don't come out even, the last ones are empty.

    It is a DistributedSampler so that Lightning does not put one in its place.

    Args:
        n: how many images there are.
        batch_size: of each process, at most.
        rank: number of this process.
        processes: how many there are.
        seed: of the order; None keeps the order as it is.
        epoch: decides the order, with the seed; `set_epoch` sets it.
        start: batches of this epoch to leave out, because they were trained on before.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        rank: int = 0,
        processes: int = 1,
        seed: int | None = None,
        epoch: int = 0,
        start: int = 0,
    ) -> None:
        if batch_size < 1:  # as Lightning's BatchSizeFinder may set it
            raise InputError(f"batches of {batch_size} images train nothing: does not even one fit into memory?")
        self.n = n
        self.batch_size = batch_size
        self.rank = rank
        self.processes = processes
        self.order_seed = seed
        self.epoch = self.first_epoch = epoch
        self.start = start

    def __len__(self) -> int:
        return -(-self.n // (self.batch_size * self.processes))

    def __iter__(self) -> Iterator[Tensor]:
        if self.order_seed is None:
            return self.in_order()
        start = self.start if self.epoch == self.first_epoch else 0
        return iter(self.shuffled(self.order_seed)[start:])

    def in_order(self) -> Iterator[Tensor]:
        """The batches of this process when nothing is shuffled."""
        for step in range(len(self)):
            first = (step * self.processes + self.rank) * self.batch_size
            yield torch.arange(min(first, self.n), min(first + self.batch_size, self.n))

    def shuffled(self, seed: int) -> list[Tensor]:
        """The batches of this process in this epoch."""
        order = torch.randperm(self.n, generator=torch.Generator().manual_seed(random_seed(seed, self.epoch)))
        if self.n < self.processes:  # none may be without an image
            order = order.repeat(self.processes)
        return [batch[self.rank :: self.processes] for batch in order.tensor_split(len(self))]


class LoadedBatches(list[Batch]):
    """Batches in a list of its own type, as Lightning takes a plain one for several loaders."""


def as_is(batch: Any) -> Any:
    """Collate what is a batch already: indexing by a tensor, or reading some files together, has made it."""
    return batch


@lru_cache(maxsize=16)
def random_seed(*numbers: int) -> int:
    """A seed that depends on all of `numbers`, each at least 0; from 0 to 2⁶³ - 1."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def seed_device(device: torch.device, seed: int) -> None:
    """Set the random state of a device; unlike `torch.manual_seed`, which takes 0.1 ms, of this one alone."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    elif device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(seed)
    else:
        torch.manual_seed(seed)
