"""What the command line says: its commands, suggestions, and errors of one line. Imports nothing that takes time."""

import logging
import os
import re
import shutil
import sys
import textwrap
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from digits import synonyms
from digits.errors import InputError

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


# Said by Lightning and torch of things that are as they should be here.
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
    width, room = max(map(len, (*COMMANDS, *OPTIONS))), min(columns() or 80, 80)

    def table(rows: dict[str, str]) -> str:
        indent = " " * (width + 4)
        lines = (f"  {name:{width}}  {text}" for name, text in rows.items())
        return "\n".join(textwrap.fill(line, max(room, width + 24), subsequent_indent=indent) for line in lines)

    return (
        f"usage: {PROGRAM} COMMAND [options]\n\n{DESCRIPTION}\n\n"
        f"commands:\n{table(COMMANDS)}\n\noptions:\n{table(OPTIONS)}"
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error that suggests one of the known words; empty where none is similar.

    An option is also known by the last part of its name, `--lr` for `--model.lr`, and by what other programs call it.
    """
    names = {name.lower().lstrip("-"): name for name in known}
    asked = word.lower().lstrip("-")
    if word.startswith("-"):
        last = asked.replace("-", "_").rpartition(".")[2]
        last = synonyms.OPTIONS.get(last, last)
        meant = [name for name in names if name.rpartition(".")[2] == last]
    else:
        meant = [name for name in names if name == synonyms.COMMANDS.get(asked)]
    similar = meant or get_close_matches(asked, names, n=1)
    return f": did you mean {names[similar[0]]}?" if similar else ""


def one_line(error: BaseException | str) -> str:
    """An error as the command line prints it: one line, which a terminal shows without words broken."""
    text = printable(f"error: {' '.join(str(error).split())}")
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    if sys.stderr is None or not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns - 1
    return textwrap.fill(text, max(width, 20), break_long_words=False, break_on_hyphens=False)


class OneLineErrors:
    """Mixed into a parser: its errors are one line that names the option, instead of its whole usage."""

    def error(self: Any, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise an InputError."""
        if not self.exit_on_error:  # a parser within the parser, whose errors are collected
            super().error(message, ex)  # type: ignore[misc]
        text = brief(message)
        program = self.prog.replace("[options] ", "")
        if match := re.match(r"Subcommand '(\w+)' does not accept option '([\w.-]+)'", text):  # of a config
            command = self._subcommands_action.choices[match[1]]
            text = f"a config has the option {match[2]}, which `{PROGRAM} {match[1]}` has not"
            raise InputError(f"{text}{command.similar(f'--{match[2]}')} (options: {PROGRAM} {match[1]} --help)")
        raise InputError(f"{text}{self.suggest(text)} (options: {program} --help)")

    def suggest(self: Any, message: str) -> str:
        """What to add to an error."""
        match = re.search(r"unrecognized arguments: (--?[\w.-]+)", message)
        return self.similar(match[1]) if match else ""

    def similar(self: Any, option: str) -> str:
        """The end of an error that suggests an option of this parser."""
        return did_you_mean(option, self.known_options())

    def known_options(self: Any) -> list[str]:
        """The options that may be meant, in the order in which they are looked through."""
        return [option for action in self._actions for option in action.option_strings]


def brief(message: str) -> str:
    """Jsonargparse's tree of reasons, less what repeats the question: one line."""
    noise = (
        r"Does not validate against any of the Union subtypes|Subtypes: .*|Errors:|Expected a <class 'NoneType'>"
        r"|Given value type: .*|Given value: (NestedArg|Namespace|\{).*|Expected a path but .*"
    )
    message = message.replace("Expected <class", "Expected a <class")  # jsonargparse writes both
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    lines = [line for line in dict.fromkeys(lines) if line and not re.fullmatch(noise, line)]
    others = (  # that might be, too
        rf"Expected a (<class '({'' if 'Literal' in message else 'bool|'}list|collections.*)'>|collections\.abc\.\w+)"
        r"|Parser key|Not a valid subclass of"
        r"|Subclass types expect|a (class path|dict) |Given value: \[Namespace|Import path \S+ does not correspond"
    )
    told = [line for line in lines if line.startswith("Parser key") or not re.match(others, line)]
    text = " ".join(told if any(not re.match("Parser key|Problem with|Given value", line) for line in told) else lines)
    for pattern, better in [
        (r"Expected a <class 'bool'>", r"expected true or false"),
        (r"<class '([^']+)'>", r"\1"),
        (r'Parser key "([^"]+)":', r"\1:"),
        (r"Problem with given class_path '[^']*\.(\w+)':", r"\1:"),
        (r"Expected a dot import path string: ([\w.]+)( Given.*)?", r"there is no class \1"),
        (r" Not a valid subclass of \w+ Subclass types expect.*", ""),
        (r"typing\.Literal\[(.*?)\]", r"one of \1"),
        (
            r"([\w.]+): (\w+): the following arguments are required: (\w+)(, \w+)*",
            r"--\1.\3 is missing, which \2 needs",
        ),
        (
            r"Unable to load config '(.*)' \w+: Unable.*",
            r"expected settings by name, or a file that holds them, got \1",
        ),
        (r"Not of type PositiveInt: does not conform to restriction v>0", r"must be a whole number from 1"),
        (r" Given value: ", r", got "),
        (r"\. Got value: ", r", got "),
        (r"Expected a ", r"expected "),
        (r" expected NoneType(, got \S+?(?=,))?", r""),
        (r"(?<=\w|') expected ", r" or "),
    ]:
        text = re.sub(pattern, better, text)
    return text


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
        print(f"warning: {printable(message)}", file=sys.stderr)


def is_terminal() -> bool:
    """Whether the output goes to a terminal on which the cursor moves."""
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def columns() -> int | None:
    """How many characters fit into a line of the terminal, of any kind; None where the output is none."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def highlight(text: str) -> str:
    """`text` in green where the output has colours, and NO_COLOR (no-color.org) is unset."""
    return f"\033[32m{text}\033[0m" if is_terminal() and not os.environ.get("NO_COLOR") else text


def quiet() -> None:
    """Spare the user remarks of Lightning and torch on things that are as they should be here."""
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
