"""Files that are whole, or not there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


def with_replacement(path: Path, write: Callable[[TextIO], Any]) -> None:
    """Write a file beside `path`, then put it in its place: a file of that name is whole, before and after."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            write(file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
