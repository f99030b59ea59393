"""`digits list`: what there is to choose from, by name."""

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from digits.commands.parser import CommandParser
from digits.console import PROGRAM, fill, shown
from digits.options.config_files import describe, packaged
from digits.records import PART, RunRecord
from digits.runs import CHECKPOINTS, LOG_ROOT, SHIPPED, runs_in, version
from digits.table import as_table

MARGIN = " " * 21  # of what is said of a source of images


def command_parser() -> CommandParser:
    """The options of `digits list`."""
    parser = CommandParser("list")
    parser.add_argument("--root", default=LOG_ROOT, help="The folder of your runs.")
    return parser


def main(args: Sequence[str]) -> None:
    """Run `digits list` with these arguments."""
    options = command_parser().parse_args(args)
    for line in listing(Path(options.root)):
        print(line, flush=True)  # the last lines take longer


def listing(root: Path) -> Iterator[str]:
    """What can be named on the command line.

    Args:
        root: the folder that holds the folders of runs.
    """
    yield f"Configs: {PROGRAM} fit --config NAME"
    configs = [describe(name) for name in packaged() if name != SHIPPED]
    header = ("", "parameters", "test error", "fit, 2 cores")
    measured = [(one.name, one.parameters, one.error, one.time) for one in configs if one.error]
    yield as_table([header, *measured], indent="  ")
    for one in configs:
        if not one.error:
            yield fill(f"{one.name}  {one.text}", "  ", "    ")
    runs = [RunRecord.read(run) for folder in folders_of_runs(root) for run in runs_in(folder) if was_trained(run)]
    yield f"\nYour runs in {root}: --ckpt_path FOLDER" if runs else f"\nYour runs in {root}: none yet"
    if runs:
        header = ("", "epochs", "validation error", "test error")
        rows = [(shown(one.folder), one.progress, one.error_text, one.test_text) for one in runs]
        yield as_table([header, *rows], indent="  ")
        if any(one.partial for one in runs):
            yield fill(PART, further="  ")
    shipped = describe(SHIPPED)
    yield "\nWeights that come with the package: --ckpt_path pretrained"
    yield f"  {shipped.parameters} parameters, test error {shipped.error}"
    from digits.data import MNISTDataModule
    from digits.options.suggestions import SOURCES
    from digits.schema import SUFFIX

    yield f"\nSources of images: {PROGRAM} fit --data NAME"
    for kind in SOURCES:
        words = re.split(r"[:,(]", kind.__doc__ or "", maxsplit=1)[0]
        yield fill(f"{kind.__name__:<18} {words.strip()}", "  ", MARGIN)
        if kind is MNISTDataModule:
            sets = ", ".join(get_args(inspect.signature(kind).parameters["dataset"].annotation))
            yield fill(f"--data.dataset {sets}", MARGIN, MARGIN)
    yield f"\nFile formats: {PROGRAM} export --format NAME"
    yield fill(", ".join(f"{name} ({suffix})" for name, suffix in SUFFIX.items()), "  ", "  ")


def folders_of_runs(root: Path) -> list[Path]:
    """The folders in which runs lie, in the order of their names; a name may hold others."""
    if not root.is_dir():
        return []
    runs = [run for run in root.rglob("version_*") if run.is_dir()]
    inner = {run for run in runs if any(version(folder) >= 0 for folder in run.parents)}  # of loggers in runs
    return sorted({run.parent for run in runs if run not in inner})


def was_trained(run: Path) -> bool:
    """Whether a run is one of `fit`, and not of a checkpoint from elsewhere that was only tested."""
    return any((run / name).exists() for name in ("config.yaml", "metrics.csv", CHECKPOINTS))
