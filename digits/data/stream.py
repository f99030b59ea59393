"""Images that are read while they are predicted: chunk by chunk, in order, by processes of their own."""

import multiprocessing
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from digits.data.batches import as_is
from digits.data.dataset import Batch
from digits.errors import InputError


class Chunk(NamedTuple):
    """Which images are loaded together.

    Args:
        first: the number of its first image, or of its first page.
        items: what its images are loaded from.
    """

    first: int
    items: Any


EMPTY = Chunk(0, ())


class Stream(NamedTuple):
    """Images that are never all in memory.

    Args:
        chunks: goes over all of them, in order; called anew for each use.
        load: loads the images of one; can be sent to other processes.
        length: how many chunks there are; None where only reading tells.
        workers: processes that load.
        has_labels: whether any label is known.
        has_notes: whether images may have nothing to predict.
        has_places: whether several may stand in one picture.
        fingerprint: tells these images from any others.
    """

    chunks: Callable[[], Iterator[Chunk]]
    load: Callable[[Chunk], Batch]
    length: int | None
    workers: int
    has_labels: bool
    has_notes: bool
    has_places: bool
    fingerprint: Callable[[], str]


class StreamLoader:
    """The batches of one process, each a chunk of a stream. It is no DataLoader, so that Lightning leaves it as it is.

    The chunks are dealt to the processes in turn, so that they are the same on any number of them. Every process gets
    equally many; when they don't come out even, the last ones are empty.

    Args:
        stream: what is loaded.
        rank: number of this process.
        processes: how many there are.
        start: chunks to leave out, because they were predicted before.
    """

    def __init__(self, stream: Stream, rank: int, processes: int, start: int) -> None:
        self.stream = stream
        self.rank = rank
        self.processes = processes
        self.start = start

    def __len__(self) -> int:
        if self.stream.length is None:
            raise TypeError("only reading tells how many batches there are")
        return max(0, -(-(self.stream.length - self.start) // self.processes))

    def __iter__(self) -> Iterator[Batch]:
        own = deal(self.stream.chunks(), self.rank, self.processes, self.start)
        return in_order(self.stream.load, own, self.stream.workers)


def deal(chunks: Iterator[Chunk], rank: int, processes: int, start: int) -> Iterator[Chunk]:
    """The chunks of one of several processes, and an empty one at the end where others have one more."""
    chunks = islice(chunks, start, None)
    while turn := list(islice(chunks, processes)):
        yield turn[rank] if rank < len(turn) else EMPTY


def in_order(load: Callable[[Any], Any], tasks: Iterable[Any], workers: int) -> Generator[Any, None, None]:
    """What `load` makes of each task, in the order of the tasks, loaded a few ahead.

    Args:
        load: is called in processes of one thread each; see `useful_workers`.
        tasks: are taken one by one, when a process is free.
        workers: how many processes; 0 calls `load` in this one.

    Raises:
        InputError: `load` raised it, or a process was killed.
    """
    loader = DataLoader(
        Loading(load),
        batch_size=None,  # a task is not made of others
        sampler=tasks,
        num_workers=workers,
        collate_fn=as_is,
        generator=torch.Generator(),  # its own: torch's is left as it is
    )
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(max(1, threads - workers))  # those that wait for a core slow down all
        for loaded in loader:
            if isinstance(loaded, InputError):
                raise loaded
            yield loaded
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise InputError(
            "a process that read pictures was killed, as when memory runs out: fewer of them need less (--threads 1)"
        ) from error
    finally:
        torch.set_num_threads(threads)


class Loading(Dataset[Any]):
    """Calls a function, and returns the error that is the user's: a DataLoader would change its message."""

    def __init__(self, load: Callable[[Any], Any]) -> None:
        self.load = load

    def __getitem__(self, task: Any) -> Any:
        try:
            return self.load(task)
        except InputError as error:
            return error


def useful_workers(tasks: int) -> int:
    """How many processes pay for so many files: as many as this process may have threads, if that is more than one."""
    least = 4 if multiprocessing.get_start_method() == "fork" else 1000  # elsewhere each imports torch anew
    threads = torch.get_num_threads()
    return threads if threads > 1 and tasks >= least else 0
