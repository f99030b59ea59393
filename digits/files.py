"""Files that are whole, or not there."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from PIL import Image

from digits.errors import InputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file it was that could not be written.

    Raises:
        InputError: in place of an OSError, such as for a full disk.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror or error}") from error


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file that takes the place of `path` when all is written; whatever happens, `path` is whole.

    Raises:
        InputError: it can't be written; what was there before is still there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    text = {} if "b" in mode else {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open(mode, **text) as file:  # type: ignore[call-overload]
                yield file
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def save_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG file."""
    with replacing(path, "wb") as file:
        picture.save(file, "png")


class CheckpointFiles(TorchCheckpointIO):
    """Checkpoints that are whole at any moment, also after the power fails or the disk is full.

    Lightning's own go by way of the folder for temporary files, and so are copied when that is on another disk.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        content = io.BytesIO()  # written straight to a full disk, torch's message does not say so
        torch.save(checkpoint, content)
        with replacing(Path(path), "wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
