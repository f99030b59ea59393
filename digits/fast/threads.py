"""How many threads torch computes with: the cores that this process may use, and not those of the whole machine.

torch counts the cores that the process may run on. It does not see a container's share of processor time
(`docker run --cpus 2`): on a host of 64 cores it starts 64 threads that wait for each other.
"""

import math
import os
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import torch

CGROUPS, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def use_threads(wanted: int | None) -> None:
    """Set the number of torch's threads.

    Args:
        wanted: how many, at least 1. None takes what OMP_NUM_THREADS says, and where that is not set, one for each core
            that this process may use, rounded down.
    """
    if wanted is not None:
        os.environ["OMP_NUM_THREADS"] = str(wanted)  # for processes that this one starts, and for Lightning
        torch.set_num_threads(wanted)
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, math.floor(min(torch.get_num_threads(), quota()))))


@cache
def use_one_thread_after_fork() -> None:
    """Let processes that are forked from this one compute with one thread each.

    OpenMP's threads don't exist in them, and with more than one torch would wait for those for ever.
    """
    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))


def were_chosen() -> bool:
    """Whether the user has said how many threads there are to be."""
    return "OMP_NUM_THREADS" in os.environ


def quota(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> float:
    """How many cores' time the control groups of this process allow it; infinite where they set no bound.

    Args:
        cgroups: where the control groups are mounted.
        own: the file that names those of this process.
    """
    return min(limits(cgroups, own), default=math.inf)


def limits(cgroups: Path, own: Path) -> Iterator[float]:
    """The bounds of this process's control groups and of those that hold them, of version 1 and 2, in cores."""
    for line in read(own).splitlines():
        _, controllers, path = line.split(":", 2)
        for mount in {"": (".", "unified")}.get(controllers, (controllers, "cpu")):
            if controllers and "cpu" not in controllers.split(","):
                continue
            group = cgroups / mount / path.strip("/")
            while group.is_relative_to(cgroups / mount):  # a container may not see its own, but the topmost it sees
                time, _, period = read(group / "cpu.max").partition(" ")  # of version 2, in microseconds
                if controllers:
                    time, period = (read(group / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
                if time.strip().isdigit() and period.strip().isdigit():  # neither "max" nor -1
                    yield int(time) / int(period)
                group = group.parent


def read(path: Path) -> str:
    """What a file holds; nothing where it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
