"""What a long command has finished: kept beside its output, so that the same command goes on after it was killed."""

import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from digits.errors import InputError
from digits.system.files import followed, writing

try:
    import fcntl
except ImportError:  # on Windows, where nobody is stopped from writing a file twice at once
    fcntl = None  # type: ignore[assignment]

MARK = "digits"  # the first key of each line


class Finished(NamedTuple):
    """What came of one batch.

    Args:
        rows: of the output, as CSV.
        lines: to print.
        counts: of what is reported at the end.
    """

    rows: str
    lines: list[str]
    counts: dict[str, int]


class Journal:
    """The finished batches of an output, in PATH.part: a line of JSON on what they are made of, and one for each batch.

    A line counts once its end is written; one that was cut off is written anew. Nothing is lost when the process is
    killed. When the machine goes down, what the system had not written to disk yet is lost.

    Args:
        path: the output.
        made_of: what decides its rows, each under a name.

    Raises:
        InputError: it can't be written, another process is writing it, or PATH.part is another program's file.
    """

    def __init__(self, path: Path, made_of: Mapping[str, str]) -> None:
        self.output = path
        target = followed(path)
        self.path = target.with_name(f"{target.name}.part")
        self.done = 0
        self.counts: Counter[str] = Counter()
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not self.path.is_file():
                raise InputError(f"{self.path} is no file: what is finished would be kept there")
            self.file = self.path.open("a+b")
            try:
                self.lock()
                self.begin(made_of)
            except BaseException:
                self.file.close()
                raise

    def begin(self, made_of: Mapping[str, str]) -> None:
        """Go on, if the file is of the same command, or start anew."""
        self.file.seek(0)
        first = self.file.readline()
        if first and not first.startswith(f'{{"{MARK}": '.encode()):
            raise InputError(f"{self.path} is another program's: move it, as what is finished is kept there")
        other = [name for name, value in made_of.items() if as_object(first).get(name) != value]
        if first.endswith(b"\n") and not other:
            self.go_on()
            return
        if first:
            tell(f"Starting anew: {self.path.name} is of {' and '.join(f'another {name}' for name in other)}")
        self.file.truncate(0)
        try:
            self.append(made_of)
        except InputError:
            self.path.unlink(missing_ok=True)
            raise

    def lock(self) -> None:
        """Keep others from writing it, until this process ends."""
        try:
            if fcntl is not None:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{self.output} is being written by another process: wait, or name another file") from None

    def go_on(self) -> None:
        """Count the finished batches, and cut off what is half written."""
        end = self.file.tell()
        for line in self.file:
            known = as_object(line)
            if not line.endswith(b"\n") or "rows" not in known:
                break
            end += len(line)
            self.done += 1
            self.counts.update(known["counts"])
        self.file.truncate(end)
        tell(f"Going on after {self.counts['images']:,} images that {self.path.name} holds")

    def append(self, known: Mapping[str, Any]) -> None:
        """Add a line."""
        with writing(self.path):
            self.file.write(json.dumps({MARK: 1, **known}).encode() + b"\n")
            self.file.flush()

    def add(self, finished: Finished) -> None:
        """Keep what came of the next batch."""
        self.append(finished._asdict())
        self.done += 1

    def __iter__(self) -> Iterator[Finished]:
        """What is kept, from the first batch on."""
        with self.path.open("rb") as file:
            file.readline()
            for line in file:
                known = as_object(line)
                yield Finished(known["rows"], known["lines"], known["counts"])

    def close(self, *, keep: bool) -> None:
        """Leave the file for the next command if `keep`, and there is anything in it; or delete it."""
        if keep and self.done:
            tell(f"{self.path.name} holds what is finished: the same command goes on from there")
        else:
            self.path.unlink(missing_ok=True)
        with suppress(OSError):  # what a full disk did not take is told already
            self.file.close()


def as_object(line: bytes) -> dict[str, Any]:
    """A line of JSON; empty where it is none, or no object."""
    try:
        known = json.loads(line)
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}


def tell(message: str) -> None:
    """Say something that is no part of the output."""
    print(message, file=sys.stderr, flush=True)


def fingerprint_of_files(names: Iterable[str | BytesIO]) -> str:
    """A hash that tells files from any others, by their names, sizes and times, or by what came in place of a file."""
    seen = hashlib.sha256()
    for name in names:
        if isinstance(name, BytesIO):
            seen.update(hashlib.sha256(name.getbuffer()).digest())
            continue
        try:
            known = os.stat(name)  # noqa: PTH116 (of hundreds of thousands)
            seen.update(f"{name!r} {known.st_size} {known.st_mtime_ns}\n".encode())
        except OSError as error:
            seen.update(f"{name!r} {error.errno}\n".encode())
    return seen.hexdigest()


def fingerprint_of_network(network: nn.Module) -> str:
    """A hash that tells a network from any other that may predict otherwise, by its layers, weights and settings."""
    names = ("tta", "second_look", "temperature", "doubt", "trained_on")
    settings = [(name, getattr(network, name, None)) for name in names]
    seen = hashlib.sha256(f"{network} {settings}".encode())
    for name, tensor in network.state_dict().items():
        seen.update(name.encode())
        seen.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return seen.hexdigest()
