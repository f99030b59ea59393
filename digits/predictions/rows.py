"""The rows of a file of predictions, and what pictures of several digits say.

Shapes: N images, K classes.
"""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor

from digits.console import amount, printable
from digits.data.dataset import Digits
from digits.data.pictures import SEVERAL
from digits.doubt import NOT_A_DIGIT, Doubt
from digits.notes import is_unreadable, told
from digits.pages.page import DigitBox
from digits.pages.text import as_text

KAGGLE_HEADER = ["ImageId", "Label"]  # of a submission


def csv_header(classes: int, *, target: bool, note: bool, box: bool) -> list[str]:
    """The names of the columns; target, note and box say which of the optional ones are among them."""
    names = ["id", "prediction", "confidence", *(f"p{i}" for i in range(classes))]
    return [*names, *["target"] * target, *["note"] * note, *(DigitBox._fields if box else ())]


def csv_rows(
    indices: Sequence[int], classes: Tensor, probabilities: Tensor, data: Digits, doubt: Doubt, target: bool
) -> Iterator[Sequence[str]]:
    """A row per image; where there is nothing to predict, only id, target and note are given.

    Args:
        indices: the numbers of the images in `data`, N of them.
        classes: those that are predicted, (N,).
        probabilities: (N, K), or NaN where they are not known.
        data: the data set that the images are from.
        doubt: when a prediction is to be doubted, which its note says.
        target: whether there is a column for the labels.
    """
    confidence = probabilities.amax(dim=1)
    table = zip(indices, classes.tolist(), confidence.tolist(), probabilities.tolist(), strict=True)
    for i, label, sure, row in table:
        note = data.note(i)
        values = [""] * (2 + len(row)) if note else [str(label), *(f"{p:.6f}" if p == p else "" for p in (sure, *row))]
        known = [str(t) if (t := int(data.labels[i])) >= 0 else ""] if target else []
        notes = [note or doubt.note(sure)] if data.has_notes else []
        place = [str(n) for n in data.places[i]] if data.places is not None else []
        yield [str(data.ids[i]), *values, *known, *notes, *place]


def kaggle_rows(indices: Sequence[int], classes: Tensor, here: Sequence[int], data: Digits) -> Iterator[Sequence[str]]:
    """What Kaggle's Digit Recognizer takes as a submission; where there is nothing to predict, there is no row.

    Args:
        indices: the numbers of the images among all, N of them.
        classes: those that are predicted, (N,).
        here: the numbers of the images in `data`.
        data: the data set, or the part of it, that the images are from.
    """
    for i, label, place in zip(indices, classes.tolist(), here, strict=True):
        if not data.note(place):
            yield [str(i + 1), str(label)]


def left_out(data: Digits, here: Sequence[int]) -> list[str]:
    """Lines that name the images of a data set that have nothing to predict."""
    return [f"Left out: {printable(str(data.ids[i]))} ({note})" for i in here if (note := data.note(i))]


def numbers(probabilities: Tensor, data: Digits, doubt: Doubt) -> dict[str, str]:
    """What pictures of several digits say, by their names; see `as_text`."""
    assert data.places is not None
    pages = data.by_picture()
    confidence, labels = probabilities.max(dim=1)
    none = [doubt.note(sure) == NOT_A_DIGIT or bool(data.note(i)) for i, sure in enumerate(confidence.tolist())]
    said = ["?" if no else str(label) for no, label in zip(none, labels.tolist(), strict=True)]
    texts = {name: as_text([data.places[i] for i in own], [said[i] for i in own]) for name, own in pages.items()}
    for name, (i, *more) in pages.items():
        note = "" if more or data.places[i].mark else data.note(i)
        if note:  # of a page without digits there is one image
            texts[name] = told(note)
    return texts


def counts(data: Digits, here: Sequence[int]) -> dict[str, int]:
    """What is reported of some images of a data set: how many they are, and how many have nothing to predict."""
    if data.notes is None:
        return {"images": len(here)}
    notes = [data.notes[i] for i in here]
    return {
        "images": len(notes),
        "without": sum(map(bool, notes)),
        "unreadable": sum(map(is_unreadable, notes)),
        "several": notes.count(SEVERAL),
        "pictures": len({data.ids[i] for i in here}),
    }


def summary(known: Mapping[str, int], singles: bool) -> list[str]:
    """Lines on how many pictures, or digits in them, were predicted, and what the others are.

    Args:
        known: sums of `counts`.
        singles: whether each picture has one row.
    """
    if "without" not in known:
        return []
    n, several, unreadable = known["images"], known["several"], known["unreadable"]
    parts = {
        "predicted": n - known["without"],
        "without a digit": known["without"] - several - unreadable,
        "of several digits": several,
        "unreadable": unreadable,
    }
    what = amount(n, "picture") if singles else f"{amount(n, 'digit')} in {amount(known['pictures'], 'picture')}"
    lines = [f"{what}: {', '.join(f'{number:,} {how}' for how, number in parts.items() if number)}"]
    return lines + ["All digits of a picture are read with --data.multiple_digits true"] * bool(several)
