"""Several processes that do one job: which of them this is, and what they tell each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch.distributed as dist

from digits.errors import InputError

T = TypeVar("T")
WAIT = timedelta(days=7)  # for a process that takes longer than the others


def this_process() -> tuple[int, int]:
    """The number of this process, and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else (0, 1)


@contextmanager
def joined() -> Iterator[None]:
    """Join the other processes that torchrun has started, if it has; where Lightning is used, it does that."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or "MASTER_ADDR" not in os.environ:
        yield
        return
    dist.init_process_group("gloo", timeout=WAIT)
    try:
        yield
    finally:
        dist.destroy_process_group()


def first_says(make: Any) -> Any:
    """What `make()` returns in the first process, in all of them.

    Raises:
        InputError: it did in the first process.
    """
    rank, processes = this_process()
    said: list[Any] = [None]
    if rank == 0:
        try:
            said = [make()]
        except InputError as error:
            said = [error]
    if processes > 1:
        dist.broadcast_object_list(said)
    if isinstance(said[0], InputError):
        raise said[0]
    return said[0]


def exchanged(results: Iterator[T]) -> Iterator[list[T]]:
    """The results of all processes, in turn; all have to have equally many.

    Raises:
        InputError: one of the processes raised it.
    """
    while True:
        try:
            result = next(results)
        except StopIteration:
            return
        except InputError as error:
            tell_all(error)
            raise
        yield told_by_all(result)


def told_by_all(value: T) -> list[T]:
    """The values of all processes, in order; all have to call this equally often.

    Raises:
        InputError: one of them has `tell_all` of it.
    """
    values = gathered(value)
    for one in values:
        if isinstance(one, InputError):
            raise one
    return values


def tell_all(error: InputError) -> None:
    """Let `told_by_all` raise an error in the other processes."""
    gathered(error)


def gathered(value: Any) -> list[Any]:
    """The values of all processes, in order."""
    _, processes = this_process()
    if processes == 1:
        return [value]
    values: list[Any] = [None] * processes
    dist.all_gather_object(values, value)
    return values
