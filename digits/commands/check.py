"""`digits check my_digits/`: images whose labels are doubted, the worst first.

torch and the rest are imported when there is something to check.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.argv import is_given
from digits.commands.parser import CommandParser
from digits.console import amount, fill, named, percent, printable, quiet, say, warn
from digits.errors import InputError
from digits.runs import SHIPPED, tell_of_better

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from digits.data import Digits, DigitsDataModule

LINES = 20  # that are printed
SHEET = 200  # images on the sheet
LEAST = 300  # images that networks are trained on
IMAGES, CSV, MNIST = SOURCES = ("ImageDataModule", "CSVDataModule", "MNISTDataModule")
OF_SOURCES = {  # options that only one of them has
    IMAGES: ("--ckpt_path", "--networks"),
    CSV: ("--data.label", "--data.classes", "--data.transposed"),
}


def command_parser() -> CommandParser:
    """The options of `digits check`."""
    parser = CommandParser("check")
    words = "Pictures: files, folders, patterns; with CSVDataModule a file, with MNISTDataModule none."
    parser.add_argument("paths", nargs="*", default=[], help=words)
    words = f"What there is to check: {', '.join(SOURCES)}."
    parser.add_argument("--data", choices=SOURCES, default=IMAGES, metavar="SOURCE", help=words)
    parser.add_argument(
        "--ckpt_path", default=SHIPPED, help="The network that reads pictures: a checkpoint, or a run's folder."
    )
    parser.add_networks()
    parser.add_argument("--data.label", dest="label", type=int | str | None, help="The column of labels of a CSV file.")
    parser.add_argument("--data.classes", dest="classes", type=int | None, help="How many classes a CSV file has.")
    parser.add_argument(
        "--data.transposed", dest="transposed", type=bool | None, help="Whether a CSV file's digits lie on their side."
    )
    parser.add_argument("--picture", default="check.png", help="The sheet's PNG file.")
    return parser


def main(args: Sequence[str]) -> None:
    """Print the images whose labels are doubted, and draw them on a sheet.

    Raises:
        InputError: there is nothing to check.
    """
    options = command_parser().parse_args(list(args))
    refuse_options_of_others(args, options.data)
    from digits.system.files import PICTURES, check_writable, refuse_input, save_picture

    check_writable("--picture", Path(options.picture), PICTURES)
    if options.data == IMAGES:
        from digits.custom_networks import import_networks
        from digits.data import ImageDataModule

        refuse_input("--picture", Path(options.picture), ImageDataModule(options.paths).files)
        import_networks(options.networks)
        lines, sheet = check_pictures(options.paths, options.ckpt_path)
    else:
        settings = {"label": options.label, "classes": options.classes, "transposed": options.transposed}
        lines, sheet = check_dataset(options.data, options.paths, settings)
    for line in lines[:LINES]:
        say(line)
    if len(lines) > LINES:
        say(f"and {len(lines) - LINES:,} more")
    if sheet is not None:
        save_picture(Path(options.picture), sheet)
        say(f"Sheet: {options.picture}")


def refuse_options_of_others(args: Sequence[str], source: str) -> None:
    """Raise an InputError for an option that only another source of images than this one has."""
    for other, names in OF_SOURCES.items():
        for option in names if other != source else ():
            if is_given(args, option):
                raise InputError(f"{option} is an option of --data {other}, but --data is {source}")


def check_pictures(paths: Sequence[str], checkpoint: str) -> tuple[list[str], Image.Image | None]:
    """Check the labels of pictures by a network that was not trained on them.

    Returns:
        Lines on what is left out, one on the whole, one for each label that is doubted, the worst first; and a sheet of
        these, or None.

    Raises:
        InputError: there are no labelled pictures, or the network tells no digits apart.
    """
    import torch

    from digits.data import ImageDataModule
    from digits.data.dataset import tell_left_out
    from digits.plots import plot_predictions
    from digits.predictor import load

    if not paths:
        raise InputError("no pictures to check: give a folder, such as my_digits/, or --data MNISTDataModule")
    source, network = ImageDataModule(list(paths)), load(checkpoint)
    if network.classes != list(source.classes):
        raise InputError(f"--ckpt_path {checkpoint} tells {named(network.classes)} apart, not the ten digits")
    tell_of_better(checkpoint, warn)
    data = source.load("train")
    labelled = source.predict = data.labelled()  # whose pictures are shown
    left_out = tell_left_out(data.left_out()) if len(labelled) < len(data) else []
    if len(labelled) == 0:
        for line in left_out:
            say(line)
        raise InputError("no picture has a label: put them into folders that are named 0 to 9, or begin names with 7_")
    _, found, notes = network.predict(labelled.images)
    probabilities = torch.from_numpy(found)
    doubted = (probabilities.argmax(dim=1) != labelled.labels) | torch.tensor([bool(note) for note in notes])
    own = probabilities.gather(1, labelled.labels[:, None]).squeeze(1)
    worst = doubted.nonzero().squeeze(1)
    worst = worst[own[worst].argsort(stable=True)]
    lines = [
        *left_out,
        summary(labelled, worst, f"the network in {checkpoint}"),
        *described(labelled, probabilities, worst, notes),
    ]
    if len(worst) == 0:
        return lines, None
    shown = worst[:SHEET]
    sheet = plot_predictions(
        labelled.subset(shown),
        lambda i: source.original(int(shown[i])),
        probabilities[shown],
        source.classes,
        doubt=network.model.doubt,
    )
    return lines, sheet


def check_dataset(kind: str, paths: Sequence[str], settings: dict[str, Any]) -> tuple[list[str], Image.Image | None]:
    """Check the labels of a data set that networks are trained on, by some that were trained on the rest of it.

    Args:
        kind: `CSV` or `MNIST`.
        paths: of the former one file, of the latter none.
        settings: of the former, how its file is read.

    Returns:
        As `check_pictures`.

    Raises:
        InputError: the data can't be read, or are too few.
    """
    from digits.commands.label_errors import EPOCHS, FOLDS, find_label_errors, out_of_fold_probabilities
    from digits.data import CSVDataModule, MNISTDataModule
    from digits.plots import plot_mistakes

    wanted = 1 if kind == CSV else 0
    if len(paths) != wanted:
        raise InputError(f"--data {kind} needs {'one file' if wanted else 'no files'} to check, got {len(paths)}")
    source: DigitsDataModule = CSVDataModule(train=paths[0], **settings) if wanted else MNISTDataModule()
    data = source.load("train").labelled()
    if len(data) < LEAST:
        raise InputError(f"{len(data)} images are too few to train networks that check them: give at least {LEAST}")
    data.ids = [f"row {i + 1}" if wanted else f"image {i}" for i in range(len(data))]
    quiet()
    plan = f"{FOLDS} small networks are trained for {EPOCHS} epochs"
    say(fill(f"{plan}, each to check the third that it is not trained on."))
    probabilities = out_of_fold_probabilities(source, data)
    worst = find_label_errors(probabilities, data.labels)
    title = summary(data, worst, "confident learning")
    shown = worst[:SHEET]
    sheet = plot_mistakes(data.images[shown], data.labels[shown], probabilities[shown], source.classes, title)
    return [title, *described(data, probabilities, worst)], sheet


def summary(data: Digits, worst: Tensor, by: str) -> str:
    """How many labels are doubted."""
    if len(worst) == 0:
        return f"None of {amount(len(data), 'label')} is doubted by {by}."
    return f"{len(worst):,} of {len(data):,} labels are doubted by {by}, the worst first:"


def described(data: Digits, probabilities: Tensor, worst: Tensor, notes: Sequence[str] = ()) -> list[str]:
    """A line for each image whose label is doubted."""
    lines = []
    for i in worst.tolist():
        confidence, taken_for = probabilities[i].max(dim=0)
        note = f", {notes[i]}" if notes and notes[i] else ""
        read = f"read as {taken_for} ({percent(float(confidence))}{note})"
        lines.append(f"{printable(str(data.ids[i]))}: labelled {data.labels[i]}, {read}")
    return lines
