"""Drawings that the page saves, in one folder for each digit, as `ImageDataModule` reads them."""

import hashlib
import re
import secrets
import shlex
import threading
from http import HTTPStatus
from pathlib import Path

from PIL import Image

from digits.commands.page.guard import Refused
from digits.console import PROGRAM
from digits.errors import InputError
from digits.runs import SHIPPED
from digits.system.files import save_picture

FOLDER = Path("my_digits")
SIDES = {side * side: side for side in (28, 280)}  # pixels of a square, by their number
MOST = 10_000  # drawings


class Drawings:
    """Saves drawings.

    Args:
        folder: where their folders lie.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.saved: dict[str, Path] = {}  # by this server, which deletes no others
        self.names: dict[bytes, str] = {}  # by what was drawn
        self.lock = threading.Lock()

    @property
    def arguments(self) -> list[str]:
        """The arguments of the command that trains on the drawings."""
        return ["fit", "--init_from", SHIPPED, "--data", "ImageDataModule", "--data.path", f"{self.folder}/"]

    @property
    def command(self) -> str:
        """The command that trains on the drawings."""
        return shlex.join([PROGRAM, *self.arguments])

    def count(self) -> int:
        """How many drawings there are."""
        return sum(1 for _ in self.folder.glob("*/*.png"))

    def save(self, label: str, pixels: bytes) -> str:
        """Save a drawing as a PNG file; one that this server has saved already only gets another label.

        Args:
            label: the digit that it shows.
            pixels: a square, a byte for each pixel.

        Returns:
            The name of the file within the folder.

        Raises:
            Refused: the label is no digit, the pixels are no square of 28 or 280 a side, there are too many
                drawings already, or the file can't be written.
        """
        if not re.fullmatch(r"[0-9]", label):  # the labels that are read from folders
            raise Refused(HTTPStatus.BAD_REQUEST, "drawings are saved of digits from 0 to 9, of no other classes")
        side = SIDES.get(len(pixels))
        if side is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "a drawing has 28×28 or 280×280 bytes")
        drawn = hashlib.sha256(pixels).digest()
        with self.lock:  # of two taps at once the second finds what the first has saved
            former = self.names.get(drawn, "")
            is_kept = former in self.saved and self.saved[former].is_file()
            if is_kept and former.startswith(f"{label}/"):
                return former
            if not is_kept and self.count() >= MOST:
                raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"{self.folder} is full: {MOST:,} drawings")
            name = f"{label}/{secrets.token_hex(8)}.png"
            try:
                save_picture(self.folder / name, Image.frombytes("L", (side, side), pixels))
            except InputError as error:
                raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, str(error)) from None
            self.saved[name], self.names[drawn] = self.folder / name, name
            if is_kept:
                self.forget(former)
        return name

    def forget(self, name: str) -> None:
        """Delete a drawing that was saved by mistake.

        Raises:
            Refused: this server has not saved it.
        """
        path = self.saved.pop(name, None)
        if path is None:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such drawing")
        path.unlink(missing_ok=True)
