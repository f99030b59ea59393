"""`digits compare`: runs side by side.

torch and the rest are imported when there is something to compare.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digits.commands.parser import CommandParser
from digits.errors import InputError

COLUMNS = ["run", "model", "parameters", "epochs", "minutes", "validation error", "test error"]


def command_parser() -> CommandParser:
    """The options of `digits compare`."""
    parser = CommandParser("compare")
    parser.add_argument("runs", nargs="+", help="Folders of runs, such as lightning_logs/*/version_*.")
    parser.add_argument("--picture", default="lightning_logs/compare.png", help="The chart's PNG file.")
    return parser


def main(args: Sequence[str]) -> None:
    """Run `digits compare` with these arguments."""
    options = command_parser().parse_args(args)
    print(compare(options.runs, options.picture))
    print(f"Chart: {options.picture}")


def compare(runs: Sequence[str], picture: str | None = None) -> str:
    """A table of runs, and a chart of their validation error by epoch.

    Args:
        runs: folders of runs, such as lightning_logs/*/version_*.
        picture: the chart's PNG file; None draws none.

    Returns:
        The table: of each run its model, trainable parameters, epochs, minutes of training, lowest validation error,
        and error on the official test set where it was tested.

    Raises:
        InputError: a folder is no run, or none has anything to compare.
    """
    from digits.checkpoint import Checkpoint
    from digits.runs import checkpoint_of

    table, lines = [], {}
    for folder in map(Path, runs):
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder: give folders of runs, such as lightning_logs/*/version_*")
        epochs = read_metrics(folder / "metrics.csv")
        checkpoint = checkpoint_of(folder, "best")
        if checkpoint is None:
            continue  # interrupted before its first epoch was over
        name = "/".join(folder.parts[-2:])
        lines[name] = epochs
        errors = [row["val/error"] for row in epochs if "val/error" in row]
        test = read_test(folder)
        state = Checkpoint.read(checkpoint)
        table.append(
            [
                name,
                state.class_name,
                f"{state.parameters:,}",
                str(len(epochs) or state.epochs),
                f"{sum(row['seconds'] for row in epochs) / 60:.1f}" if epochs else "",
                f"{min(errors):.2%}" if errors else "",
                f"{test['error']:.2%}" if test else "",
            ]
        )
    if not table:
        raise InputError(f"none of {', '.join(runs)} has a checkpoint: train first")
    if picture is not None:
        from digits.files import save_picture
        from digits.plots import plot_comparison

        save_picture(Path(picture), plot_comparison(lines))
    widths = [max(map(len, column)) for column in zip(COLUMNS, *table, strict=True)]
    return "\n".join(
        "  ".join(
            text.ljust(width) if i < 2 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [COLUMNS, *table]
    )


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The rows of a run's metrics.csv; none if it has none."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]


def read_test(folder: Path) -> dict[str, Any] | None:
    """What `test` said on the official test set, if it was run."""
    path = folder / "test.json"
    return json.loads(path.read_text()).get("MNISTDataModule") if path.is_file() else None
