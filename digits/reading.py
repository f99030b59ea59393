"""What a picture says: one digit, or the numbers of a page.

Shapes: K classes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor

from digits.console import percent
from digits.data.arrays import to_pictures
from digits.data.picture_file import read_picture, reduce_size
from digits.data.pictures import REASONS, reason
from digits.doubt import NOT_A_DIGIT, UNSURE
from digits.errors import InputError
from digits.notes import told
from digits.pages.contents import find_contents
from digits.pages.page import Content, DigitBox
from digits.pages.text import as_text

if TYPE_CHECKING:
    from digits.predictor import Predictor


Bytes = bytes | bytearray | memoryview  # the content of a file


class Piece(NamedTuple):
    """A digit or a mark of a picture.

    Args:
        image: in MNIST's form, (28, 28) uint8, ink as 0 to 255.
        text: the class that is predicted, or the mark.
        probabilities: of the classes, (K,) float32; NaN of a mark.
        note: "", "unsure", "probably not a digit", or why there is nothing to predict.
        box: where it stands.
    """

    image: np.ndarray
    text: str
    probabilities: np.ndarray
    note: str
    box: DigitBox

    @property
    def confidence(self) -> float:
        """The probability of the prediction; NaN of a mark."""
        return float(self.probabilities.max())

    @property
    def said(self) -> str:
        """The prediction, or "?" where it is probably no digit."""
        return "?" if self.note and self.note != UNSURE else self.text


class Reading(NamedTuple):
    """What a picture says.

    Args:
        text: the likeliest digit, or the numbers of a page: lines as on the page, a space between numbers, and ? for
            what is probably no digit; "" where there is none.
        confidence: the lowest of any digit; NaN where there is none.
        note: why there is nothing to read, or what is to be doubted; otherwise "".
        pieces: the digits and marks, in reading order.
        more_pages: whether the file has further pages, or frames, that are not read.
    """

    text: str
    confidence: float
    note: str
    pieces: list[Piece]
    more_pages: bool = False

    def __str__(self) -> str:
        """One line, or the rows of a table below each other."""
        return f"{self.said}; only the first page is read" if self.more_pages else self.said

    @property
    def said(self) -> str:
        """What is read, with what is to be doubted."""
        if not self.pieces:
            return told(self.note)
        if len(self.pieces) == 1:
            doubted = f"{self.text}? ({self.confidence:.0%}, {self.note})"
            return doubted if self.note else f"{self.text} ({percent(self.confidence)})"
        note = f" ({self.note})" if self.note else ""
        if any(piece.box.column >= 0 for piece in self.pieces):
            return "".join(f"\n  {line}" for line in self.text.split("\n")) + note
        return self.text.replace("\n", " / ") + note

    def as_json(self, name: str) -> str:
        """The reading of the picture `name` as one line of JSON."""
        pieces = [
            {"text": one.said, "confidence": number(one.confidence), "note": one.note, **one.box._asdict()}
            for one in self.pieces
        ]
        known: dict[str, Any] = {"file": name, "text": self.text, "confidence": number(self.confidence)}
        known |= {"note": self.note, "more_pages": self.more_pages, "digits": pieces}
        return json.dumps(known, ensure_ascii=False)


def number(value: float) -> float | None:
    """A probability for JSON, which has no NaN."""
    return None if math.isnan(value) else round(value, 6)


def read(predictor: Predictor, picture: Any) -> Reading:
    """Read a picture of one digit, or a page of numbers, whatever is wrong with it.

    Args:
        predictor: a trained network.
        picture: a file, open or by name, its content, an image, or an array of one; see `Predictor.predict`.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(picture, np.ndarray | Tensor):
        one, *others = to_pictures(picture)
        if others:
            raise InputError(f"{1 + len(others)} pictures in one array: read them one by one")
        picture = Image.fromarray(one)
    file = picture if isinstance(picture, Image.Image) else as_file(picture)
    more = False
    try:
        image = reduce_size(file) if isinstance(file, Image.Image) else read_picture(file)
        more = image.info.get("more_pages", False)
        found = find_contents(image)
    except REASONS as error:
        return Reading("", math.nan, reason(error).removeprefix("no digit: "), [], more)
    return make(predictor, found)._replace(more_pages=more)


def make(predictor: Predictor, found: Sequence[Content]) -> Reading:
    """The reading of what a picture shows."""
    classes, probabilities, notes = predictor.predict(np.stack([form for form, *_ in found]))
    pieces = []
    for (form, why, box), name, row, note in zip(found, classes, probabilities, notes, strict=True):
        nothing = bool(why or box.mark)
        row = np.full_like(row, np.nan) if nothing else row
        pieces.append(Piece(form, box.mark or "?" if nothing else str(name), row, why if nothing else note, box))
    digits = [one for one in pieces if not math.isnan(one.confidence)]
    confidence = min((one.confidence for one in digits), default=math.nan)
    text = as_text([one.box for one in pieces], [one.said for one in pieces])
    if len(pieces) == 1:
        text = pieces[0].text  # as the note says what is to be doubted, the best guess is not held back
    return Reading(text, confidence, doubts(pieces), pieces)


def as_file(picture: Any) -> Path | BytesIO:
    """A file's name as a path, or the content of an open file, or of bytes.

    Raises:
        InputError: it is neither a file nor its content.
    """
    if hasattr(picture, "read") and not isinstance(picture, BytesIO | Path):
        picture = picture.read()
        if isinstance(picture, str):
            raise InputError('a picture as text: open its file with open(NAME, "rb")')
    if isinstance(picture, Bytes):
        return BytesIO(picture)
    if not isinstance(picture, str | Path | BytesIO):
        raise InputError(
            f"a picture as {type(picture).__name__}: give a file's name, its content as bytes, or a PIL image"
        )
    return Path(picture) if isinstance(picture, str) else picture


def doubts(pieces: list[Piece]) -> str:
    """What is to be doubted in a reading: the note of one piece, or how many of several are doubted."""
    if len(pieces) == 1:
        return pieces[0].note
    unsure = sum(one.note == UNSURE for one in pieces)
    none = sum(one.said == "?" or one.note == NOT_A_DIGIT for one in pieces)
    return ", ".join(f"{n} {what}" for n, what in ((unsure, "unsure"), (none, "not a digit")) if n)
