"""The rows of a file of predictions, and what pictures of several digits say.

Shapes: N images, K classes.
"""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor

from digits.console import amount, printable
from digits.data.dataset import Digits
from digits.data.pictures import SEVERAL
from digits.doubt import NOT_A_DIGIT, Doubt
from digits.notes import told
from digits.pages.page import DigitBox
from digits.pages.text import as_text

KAGGLE_HEADER = ["ImageId", "Label"]  # of a submission


def csv_header(classes: int, *, target: bool, note: bool, box: bool) -> list[str]:
    """The names of the columns; target, note and box say which of the optional ones are among them."""
    names = ["id", "prediction", "confidence", *(f"p{i}" for i in range(classes))]
    return [*names, *["target"] * target, *["note"] * note, *(DigitBox._fields if box else ())]


def csv_rows(
    classes: Tensor, probabilities: Tensor, data: Digits, doubt: Doubt, target: bool
) -> Iterator[Sequence[str]]:
    """A row per image; where there is nothing to predict, only id, target and note are given.

    Args:
        classes: those that are predicted, (N,).
        probabilities: (N, K), or NaN where they are not known.
        data: the N images.
        doubt: when a prediction is to be doubted, which its note says.
        target: whether there is a column for the labels.
    """
    confidence = probabilities.amax(dim=1)
    table = zip(classes.tolist(), confidence.tolist(), probabilities.tolist(), strict=True)
    for i, (label, sure, row) in enumerate(table):
        note = data.note(i)
        values = [""] * (2 + len(row)) if note else [str(label), *(f"{p:.6f}" if p == p else "" for p in (sure, *row))]
        known = [str(t) if (t := int(data.labels[i])) >= 0 else ""] if target else []
        notes = [note or doubt.note(sure)] if data.has_notes else []
        place = [str(n) for n in data.places[i]] if data.places is not None else []
        yield [str(data.ids[i]), *values, *known, *notes, *place]


def kaggle_rows(indices: Sequence[int], classes: Tensor, data: Digits) -> Iterator[Sequence[str]]:
    """What Kaggle's Digit Recognizer takes as a submission; where there is nothing to predict, there is no row.

    Args:
        indices: the numbers of the images among all, N of them.
        classes: those that are predicted, (N,).
        data: the N images.
    """
    for i, (index, label) in enumerate(zip(indices, classes.tolist(), strict=True)):
        if not data.note(i):
            yield [str(index + 1), str(label)]


def left_out(data: Digits) -> list[str]:
    """Lines that name the images that have nothing to predict."""
    return [f"Left out: {printable(str(name))} ({note})" for i, name in enumerate(data.ids) if (note := data.note(i))]


def page_lines(probabilities: Tensor, data: Digits, doubt: Doubt) -> list[str]:
    """Lines that say what pictures of several digits say; those of a picture are one, or a line each below its name."""
    texts = page_texts(probabilities, data, doubt) if data.has_places else {}
    return [f"Read: {printable(name)}:{beside(text)}" for name, text in texts.items()]


def beside(text: str) -> str:
    """A text as it follows a name: one line after a space, several below it."""
    return "".join(f"\n  {line}" for line in text.split("\n")) if "\n" in text else f" {text}"


def page_texts(probabilities: Tensor, data: Digits, doubt: Doubt) -> dict[str, str]:
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


def counts(data: Digits) -> dict[str, int]:
    """What is reported of images: how many they are, and how many have nothing to predict."""
    if data.notes is None:
        return {"images": len(data)}
    return {
        "images": len(data),
        "without": sum(map(bool, data.notes)),
        "unreadable": data.unreadable,
        "several": data.notes.count(SEVERAL),
        "pictures": len(set(data.ids)),
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
