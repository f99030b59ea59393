"""`digits predict photo.jpg scans/`: what pictures say, in a line each."""

import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from jsonargparse.typing import PositiveInt

from digits.commands.parser import CommandParser
from digits.console import is_first_process
from digits.errors import InputError

if TYPE_CHECKING:
    from digits.reading import Reading

STANDARD_INPUT = "-"


def command_parser() -> CommandParser:
    """The options."""
    parser = CommandParser("predict")
    parser.add_argument(
        "pictures", nargs="+", help='Files, folders (with all folders in them), patterns such as "scans/*.png"; or -.'
    )
    parser.add_argument("--ckpt_path", default="pretrained", help="A checkpoint, a run's folder, or pretrained.")
    parser.add_argument("--output", type=str | None, default=None, help="A CSV file to write; - is standard output.")
    parser.add_argument("--json", action="store_true", help="Print a line of JSON for each picture.")
    parser.add_argument("--threads", type=PositiveInt | None, default=None, help="Threads to compute with on a CPU.")
    parser.add_argument("--tta", type=bool, default=False, help="Average over nine views, shifted by up to one pixel.")
    return parser


def main(args: Sequence[str]) -> None:
    """Print what each picture says.

    Raises:
        InputError: there is no such picture, or some can't be read.
    """
    options = command_parser().parse_args(list(args))
    files = list(find_all(options.pictures))
    from digits.fast.threads import use_threads
    from digits.predictor import load

    use_threads(options.threads)
    predictor = load(options.ckpt_path)
    predictor.model.tta = options.tta
    readings = []
    for name, file in files:
        reading = predictor.read(file)
        readings.append((name, reading))
        if is_first_process() and options.output != "-":
            line = str(reading)
            gap = "" if line.startswith("\n") else " "
            print(reading.as_json(name) if options.json else f"{name}:{gap}{line}", flush=True)
    if options.output is not None:
        write(options.output, readings, len(predictor.classes))
    if unreadable := sum(reading.note.startswith("unreadable") for _, reading in readings):
        raise InputError(f"{unreadable:,} of {len(files):,} files could not be read; their lines say why")


def find_all(names: Sequence[str]) -> Iterator[tuple[str, Path | BytesIO]]:
    """The pictures that are asked for, each once, with their names."""
    from digits.data.pictures import find_pictures

    seen = set()
    for name in names:
        if name == STANDARD_INPUT:
            yield name, BytesIO(sys.stdin.buffer.read())
            continue
        for path in find_pictures(name):
            if path not in seen:
                seen.add(path)
                yield str(path), path


def write(output: str, readings: Sequence[tuple[str, "Reading"]], classes: int) -> None:
    """Write a row for each digit: see PredictionWriter for the columns."""
    import csv

    from digits.callbacks.predictions import csv_header
    from digits.files import replacing

    header = csv_header(classes, target=False, note=True, box=True)
    rows = []
    for name, reading in readings:
        for one in reading.pieces:
            known = not one.box.mark
            values = [one.text, *(f"{p:.6f}" for p in (one.confidence, *one.probabilities))] if known else []
            rows.append([name, *(values or [""] * (2 + classes)), one.note, *map(str, one.box)])
        if not reading.pieces:
            row = [name, *[""] * (2 + classes), reading.note]
            rows.append([*row, *[""] * (len(header) - len(row))])
    with replacing(Path(output)) as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
