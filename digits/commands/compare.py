"""`digits compare`: runs side by side.

torch and the rest are imported when there is something to compare.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from digits.commands.parser import CommandParser
from digits.console import fill, printable
from digits.errors import InputError
from digits.records import PART, RunRecord
from digits.runs import PRETRAINED, SHIPPED, checkpoint_of, matches, runs_under
from digits.similar_names import did_you_mean
from digits.table import as_table

COLUMNS = ["run", "model", "parameters", "epochs", "min", "val error", "test"]
UNFINISHED = "An epoch count such as 2 of 10: stopped before its end, or still training."


def command_parser() -> CommandParser:
    """The options of `digits compare`."""
    parser = CommandParser("compare")
    parser.add_argument(
        "runs",
        nargs="+",
        help="Folders of runs, or folders that hold them, such as lightning_logs; or pretrained, the package's own.",
    )
    parser.add_argument("--picture", default="lightning_logs/compare.png", help="The chart's PNG file.")
    return parser


def main(args: Sequence[str]) -> None:
    """Run `digits compare` with these arguments."""
    options = command_parser().parse_args(args)
    from digits.system.standard_output import is_standard_output, reserve_standard_output

    with reserve_standard_output(is_standard_output(options.picture)):
        for line in compare(options.runs, options.picture):
            print(line, flush=True)  # the table is there, whatever becomes of the chart


def compare(runs: Sequence[str], picture: str | None) -> Iterator[str]:
    """A table of runs, and a chart of their validation error by epoch.

    Args:
        runs: folders of runs, or folders that hold them, such as lightning_logs; or "pretrained", the weights of the
            package.
        picture: the chart's PNG file; None draws none, and none is drawn where no run has validated.

    Yields:
        The table: of each run its model, trainable parameters, epochs, minutes of training, lowest validation error,
        and error on the official test set where it was tested; below it what needs to be said of some. Then the name of
        the chart, once it is drawn.

    Raises:
        InputError: a folder is no run, none has anything to compare, or the chart can't be written.
    """
    records, shipped = records_of(runs)
    table = [row for record in records if (row := row_of_run(record))]
    if shipped:
        table.append(row_of_package())
    if not table:
        raise InputError(f"none of {', '.join(str(one.folder) for one in records)} has a checkpoint: train first")
    notes = [fill(PART, further="  ")] if any("*" in row[5] for row in table) else []
    notes += [fill(UNFINISHED, further="  ")] if any("of" in row[3] for row in table) else []
    notes += other_images([record for record in records if record.error is not None], shipped)
    yield "\n".join([as_table([COLUMNS, *table], left=2), *notes])
    lines = {record.name: record.epochs for record in records if record.error is not None}
    if picture is not None and lines:
        from digits.plots import plot_comparison
        from digits.system.files import PICTURES, check_writable, save_picture

        check_writable("--picture", Path(picture), PICTURES)
        save_picture(Path(picture), plot_comparison(lines))
        yield f"Chart: {picture}"


def records_of(runs: Sequence[str]) -> tuple[list[RunRecord], bool]:
    """The records of the runs that are named, and whether the weights of the package are named, too."""
    if "" in runs:
        raise InputError("the name of a run is empty")
    folders = [path for run in runs for path in matches(run) or runs_under(Path(run))]
    records = [RunRecord.read(folder) for folder in folders if folder.is_dir() or str(folder) != SHIPPED]
    for record in records:
        if not record.folder.is_dir():
            meant = did_you_mean(record.folder.name, [SHIPPED])
            raise InputError(
                f"{record.folder} is no folder{meant or ': give folders of runs, such as lightning_logs/*/version_*'}"
            )
    return records, len(records) < len(folders)


def other_images(records: Sequence[RunRecord], shipped: bool) -> list[str]:
    """Lines that say which runs were validated on which images; none where all were on the same.

    Args:
        records: of the runs with a validation error.
        shipped: whether the weights of the package, which are of MNIST, stand beside them.
    """
    known = [record for record in records if record.source]
    splits = len({record.validated_on for record in known}) > 1
    names: dict[str, list[str]] = {"MNIST": [SHIPPED]} if shipped and not splits else {}
    for record in known:
        kept = f" ({record.validated_on})" if splits and record.validated_on else ""
        names.setdefault(f"{record.source}{kept}", []).append(record.name)
    if len(names) < 2:
        return []
    lines = [f"{printable(source)}: {', '.join(own)}" for source, own in names.items()]
    wrapped = [fill(line, "  ", "    ") for line in lines]
    return [fill("The images are not the same, so the errors do not compare:"), *wrapped]


def row_of_run(record: RunRecord) -> list[str]:
    """A run in the table; empty if it has no checkpoint."""
    from digits.checkpoint import Checkpoint

    path = checkpoint_of(record.folder, "best")
    if path is None:
        return []
    checkpoint = Checkpoint.read(path)
    return [
        record.name,
        checkpoint.class_name,
        f"{checkpoint.parameters:,}",
        record.progress if record.epochs or record.planned else f"{checkpoint.epochs}",
        f"{record.minutes:.1f}" if record.epochs else "",
        record.error_text,
        record.test_text,
    ]


def row_of_package() -> list[str]:
    """The weights of the package in the table, with their recorded figures."""
    from digits.checkpoint import Checkpoint
    from digits.options.config_files import describe

    checkpoint = Checkpoint.read(PRETRAINED)
    error = describe(SHIPPED).error
    return [SHIPPED, checkpoint.class_name, f"{checkpoint.parameters:,}", "", "", "", error]
