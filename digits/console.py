"""What the command line says: its commands, and lines of text. Imports nothing that takes time."""

import logging
import os
import shutil
import sys
import textwrap
import unicodedata
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PROGRAM = "digits"  # also when it is started as `python -m digits`
LONGEST = 450  # characters of an error
MOST_NAMES = 3  # of classes, in a line
DESCRIPTION = "Handwritten digit recognition: train, test and predict."

COMMANDS = {
    "fit": "Train a network; its run's folder keeps everything.",
    "validate": "Score the validation images.",
    "test": "Score the official test images, or labelled pictures or rows of your own.",
    "predict": "Print what pictures say, or write a file of predictions, also for CSV files and MNIST.",
    "export": "Write a trained network as one file for other programs: ONNX, torch.export, or a web page.",
    "demo": "Draw digits in the browser.",
    "check": "Find labels that are probably wrong, of pictures, CSV files or MNIST's training images.",
    "compare": "Show runs side by side.",
    "list": "Show configs, your runs, sources of images and export formats.",
}

OPTIONS = {
    "-h, --help": "Show this help; `digits COMMAND --help` lists a command's options.",
    "--version": "Show the version.",
    "--print_completion SHELL": "Print a script with which bash, zsh or tcsh complete commands and options by the Tab "
    'key: eval "$(digits --print_completion bash)".',
}


# Remarks of Lightning and torch on things that are as they should be here.
NOISE = [
    ".*does not have many workers.*",  # the data is in memory
    ".*callbacks used to create the checkpoint need to be provided.*",  # testing saves no checkpoints
    ".*but have no logger configured.*",  # validating logs nothing
    ".*Total length of `list` across ranks is zero.*",  # training on everything, with nothing to validate on
    ".*It is recommended to use `self.log\\(.*sync_dist.*",  # the metric itself has added up all processes
    ".*Checkpoint directory .* exists and is not empty.*",  # resuming continues in the run's folder
    ".*could not find the monitored key.*",  # stopped before the first validation; later it is an error
    ".*number of training batches .* is smaller than the logging interval.*",
    ".*your dataloader is not resumable.*",  # its data module is
    ".*is an instance of `nn.Module` and is already saved during checkpointing.*",  # it is refused
    ".*`isinstance\\(treespec, LeafSpec\\)` is deprecated.*",
    ".*Starting from v1.9.0, `tensorboardX` has been removed.*",
    r"\s*By default only one JsonargparseDeprecationWarning",
    r"\s*``instantiate_classes`` was deprecated",  # Lightning calls it
]


def usage() -> str:
    """The help of `digits` itself."""
    width = max(map(len, (*COMMANDS, *OPTIONS)))

    def table(rows: dict[str, str]) -> str:
        indent = " " * (width + 4)
        lines = (f"  {name:{width}}  {text}" for name, text in rows.items())
        return "\n".join(fill(line, further=indent) for line in lines)

    return (
        f"usage: {PROGRAM} COMMAND [options]\n\n{DESCRIPTION}\n\n"
        f"commands:\n{table(COMMANDS)}\n\noptions:\n{table(OPTIONS)}"
    )


def one_line(error: BaseException | str) -> str:
    """An error as the command line prints it: one line, which a terminal shows in several if need be."""
    text = printable(f"error: {' '.join(str(error).split())}")
    return for_errors(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def for_errors(text: str) -> str:
    """A text for standard error: where that is a terminal, in lines that it shows without words broken."""
    if sys.stderr is None or not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns - 1
    return textwrap.fill(text, max(width, 20), break_long_words=False, break_on_hyphens=False)


def printable(text: str) -> str:
    """A text, such as a file's name, without what moves the cursor, colours, or turns the direction of reading."""
    odd = {c for c in text if not c.isprintable() and unicodedata.category(c) not in ("Zs", "Cs")}
    return text.translate({ord(c): repr(c)[1:-1] for c in odd}) if odd else text


def shown(path: Path) -> str:
    """`path` relative to the working directory if it lies there, by the links that lead to it or after them."""
    for one in (path.absolute(), path.resolve()):
        with suppress(ValueError):
            return str(one.relative_to(Path.cwd()))
    return str(path)


def amount(number: int, what: str) -> str:
    """Such as "1 image" or "10,000 images"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(confidence: float) -> str:
    """A probability with one decimal, but never as if it were certain."""
    return f"{min(confidence, 0.999):.1%}"


def named(classes: Sequence[str]) -> str:
    """Such as "26 classes (a, b, c, …)"."""
    more = ", …" if len(classes) > MOST_NAMES else ""
    return f"{len(classes)} classes ({', '.join(classes[:MOST_NAMES])}{more})"


def say(message: str) -> None:
    """Print `message`, above the progress bar if there is one, from one process only."""
    if is_first_process():
        tqdm = sys.modules.get("tqdm")  # which takes time to import; and without it there is no bar
        (print if tqdm is None else tqdm.tqdm.write)(message)


def warn(message: str) -> None:
    """Print a warning from one process only."""
    if is_first_process():
        print(for_errors(printable(f"warning: {message}")), file=sys.stderr)


def is_terminal() -> bool:
    """Whether the output goes to a terminal on which the cursor moves."""
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def columns() -> int | None:
    """How many characters fit into a line of the terminal, of any kind; None where the output is none."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def room() -> int:
    """How many characters a line of running text may have: 80, or as many as fit into a line of the terminal."""
    return min(columns() or 80, 80)


def fill(text: str, first: str = "", further: str = "", width: int | None = None) -> str:
    """`text` in lines that the terminal does not break.

    Args:
        text: to be wrapped.
        first: what the first line begins with.
        further: what the other lines begin with.
        width: characters of a line; by default as many as `room` says.
    """
    width = max(width or room(), len(further) + 20)
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=further, break_on_hyphens=False)


def highlight(text: str) -> str:
    """`text` in green where the output has colours, and NO_COLOR (no-color.org) is unset."""
    return f"\033[32m{text}\033[0m" if is_terminal() and not os.environ.get("NO_COLOR") else text


def quiet() -> None:
    """Silence remarks of Lightning and torch on things that are as they should be here."""
    for message in NOISE:
        warnings.filterwarnings("ignore", message)
    for package in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(package).setLevel(logging.WARNING)  # hardware not used, products to try
    logging.getLogger("lightning.pytorch.profilers").setLevel(logging.INFO)  # their reports


def is_first_process() -> bool:
    """Whether this process is the first of several, or the only one."""
    lightning = sys.modules.get("lightning.pytorch.utilities.rank_zero")  # which takes seconds to import
    if lightning is not None:
        return lightning.rank_zero_only.rank == 0
    ranks = (os.environ.get(name) for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK"))
    return int(next(filter(None, ranks), 0)) == 0  # as Lightning finds it out
