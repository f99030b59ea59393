"""`digits predict photo.jpg scans/`: what pictures say, in a line each."""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonargparse.typing import PositiveInt

from digits.commands.parser import CommandParser
from digits.console import amount, printable, warn
from digits.errors import InputError
from digits.notes import is_unreadable
from digits.runs import SHIPPED, tell_of_better
from digits.system.files import TABLES, check_writable, refuse_input
from digits.system.standard_output import is_standard_output

if TYPE_CHECKING:
    from digits.data.stream import Chunk
    from digits.predictions.journal import Finished
    from digits.predictions.output import Output
    from digits.predictor import Predictor
    from digits.reading import Reading

STANDARD_INPUT = "-"
WHY = ("its line says why", "their lines say why")
TOGETHER = 8  # pictures that are read, and written, together


def command_parser() -> CommandParser:
    """The options."""
    parser = CommandParser("predict")
    parser.add_argument(
        "pictures", nargs="+", help='Files, folders (with all folders in them), patterns such as "scans/*.png"; or -.'
    )
    parser.add_argument("--ckpt_path", default=SHIPPED, help="A checkpoint, a run's folder, or pretrained.")
    parser.add_networks()
    parser.add_argument(
        "--output", type=str | None, default=None, help="A CSV or .parquet file to write; - is standard output."
    )
    parser.add_argument("--json", action="store_true", help="Print a line of JSON for each picture.")
    parser.add_argument("--threads", type=PositiveInt | None, default=None, help="Threads to compute with on a CPU.")
    parser.add_argument("--tta", type=bool, default=False, help="Average over nine views, shifted by up to one pixel.")
    return parser


def main(args: Sequence[str]) -> None:
    """Print what each picture says.

    Raises:
        InputError: there is no such picture, or some can't be read.
    """
    refuse_long_form(args)
    options = command_parser().parse_args(list(args))
    if options.output is not None:
        check_writable("--output", Path(options.output), TABLES)
    from digits.system.processes import joined

    with joined():
        predict(options)


def refuse_long_form(args: Sequence[str]) -> None:
    """Raise an InputError for options of `digits predict` without pictures; says what to give in their place."""
    for word in itertools.takewhile(lambda word: word != "--", args):
        option = word.partition("=")[0]
        group = option.partition(".")[0]
        if group in ("--config", "-c", "--model", "--name"):
            raise InputError(
                f"{option} doesn't go with PICTURE: give the run's folder, --ckpt_path lightning_logs/NAME"
            )
        if group in ("--data", "--trainer", "--predictions", "--seed_everything", "--fast", "--pictures"):
            raise InputError(
                f"{option} doesn't go with PICTURE: give the pictures by --data ImageDataModule --data.path PICTURE"
            )


def predict(options: Any) -> None:
    """Read pictures, in processes of their own if they are many; print and write what each says when its turn comes."""
    from digits.custom_networks import import_networks
    from digits.data.pictures import chunk_size, chunks_of
    from digits.data.stream import deal, in_order, useful_workers
    from digits.fast.threads import use_threads
    from digits.predictor import load
    from digits.system.processes import exchanged, first_says, this_process

    use_threads(options.threads)
    import_networks(options.networks)
    files = first_says(lambda: find_all(options.pictures))
    if options.output is not None:
        refuse_input("--output", Path(options.output), lambda: (file for file in files if isinstance(file, str)))
    predictor = load(options.ckpt_path)
    tell_of_better(options.ckpt_path, warn)
    predictor.model.tta = options.tta
    read = partial(read_chunk, predictor=predictor, as_json=options.json)
    with opened(partial(make_output, options, files, predictor)) as (output, done):
        for finished in output.earlier() if output is not None else ():
            tell(finished, options.output)
        chunks = deal(chunks_of(files, chunk_size(len(files), TOGETHER)), *this_process(), done)
        steps = exchanged(in_order(read, chunks, useful_workers(len(files))))
        for finished in itertools.chain.from_iterable(steps):
            if output is not None:
                output.add(finished)
                tell(finished, options.output)
    if output is not None and (unreadable := output.counts["unreadable"]):
        raise InputError(f"{unreadable:,} of {amount(len(files), 'file')} could not be read; {WHY[unreadable > 1]}")


@contextmanager
def opened(make: Callable[[], "Output"]) -> Iterator[tuple["Output | None", int]]:
    """Make the output in the first process; finish it, or abandon it after an error.

    Gives the output, or None in other processes, and how many batches are in it already.
    """
    from digits.system.processes import first_says

    made: list[Output] = []

    def make_here() -> int:
        made.append(make())
        return made[0].done

    done = first_says(make_here)
    output = made[0] if made else None
    try:
        yield output, done
        if output is not None:
            output.finish()
    except BaseException as error:
        if output is not None:
            output.abandon(error)
        raise


def tell(finished: "Finished", output: str | None) -> None:
    """Print what pictures say, unless standard output is for the file."""
    for line in finished.lines if output is None or not is_standard_output(output) else ():
        print(line, flush=True)


def find_all(names: Sequence[str]) -> list[str | BytesIO]:
    """The pictures that are asked for, each once: their names, or what comes from standard input."""
    from digits.data.pictures import picture_names

    found: dict[str, str | BytesIO] = {}
    for name in names:
        if name == STANDARD_INPUT:
            if sys.stdin is None:  # as after `<&-`
                raise InputError("standard input is closed: give a file in place of -")
            found.setdefault(name, BytesIO(sys.stdin.buffer.read()))
        else:
            try:
                found.update((path, path) for path in picture_names(name))
            except InputError:
                if len(names) == 1:
                    raise
                found[name] = name  # its own line says why it can't be read
    return list(found.values())


def make_output(options: Any, files: Sequence[str | BytesIO], predictor: "Predictor") -> "Output":
    """Open the file for a row of each digit, or nothing; see PredictionWriter for the columns."""
    from digits.predictions.journal import fingerprint_of_files, fingerprint_of_network
    from digits.predictions.output import Output
    from digits.predictions.rows import csv_header

    header = csv_header(len(predictor.classes), target=False, note=True, box=True)
    if options.output is None:
        return Output(None, header, {})
    made_of = {
        "network": fingerprint_of_network(predictor.model),
        "list of files": fingerprint_of_files(files),
        "choice of --json": str(options.json),
    }
    return Output(Path(options.output), header, made_of)


def read_chunk(chunk: "Chunk", predictor: "Predictor", as_json: bool) -> "Finished":
    """Read the pictures of a chunk, each a name or a content; the lines to print are of JSON if `as_json`."""
    from digits.predictions.journal import Finished
    from digits.predictions.output import as_csv

    rows: list[list[str]] = []
    lines, unreadable = [], 0
    for file in chunk.items:
        name = file if isinstance(file, str) else STANDARD_INPUT
        reading = predictor.read(file)
        line, shown_name = str(reading), printable(name)
        gap = "" if line.startswith("\n") else " "
        lines.append(reading.as_json(name) if as_json else f"{shown_name}:{gap}{line}")
        rows += rows_of(name, reading, len(predictor.classes))
        unreadable += is_unreadable(reading.note)
    return Finished(as_csv(rows), lines, {"images": len(chunk.items), "unreadable": unreadable})


def rows_of(name: str, reading: "Reading", classes: int) -> list[list[str]]:
    """A row for each digit of a picture, or one that says why there is none."""
    from digits.pages.page import DigitBox

    rows = []
    for one in reading.pieces:
        known = not one.box.mark
        values = [one.text, *(f"{p:.6f}" for p in (one.confidence, *one.probabilities))] if known else []
        rows.append([name, *(values or [""] * (2 + classes)), one.note, *map(str, one.box)])
    return rows or [[name, *[""] * (2 + classes), reading.note, *[""] * len(DigitBox._fields)]]
