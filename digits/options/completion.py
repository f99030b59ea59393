"""`digits --print_completion SHELL`: a script with which a shell completes commands and options by the Tab key."""

import argparse
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from digits.commands import check, compare, demo, predict
from digits.commands import list as list_command
from digits.console import COMMANDS, PROGRAM
from digits.errors import InputError
from digits.options.arguments import ArgumentsCLI
from digits.options.suggestions import NETWORKS, SOURCES, settings

CLASSES = {"--model": NETWORKS, "--data": SOURCES}  # that an option names
SHELLS = ("bash", "zsh", "tcsh")
FILES = (
    *("--config", "--ckpt_path", "--init_from", "--picture", "--path", "--output"),
    *("--data.path", "--data.data_dir", "--data.train", "--data.test", "--data.predict"),
    *("--predictions.path", "--predictions.picture"),
)


def main(args: Sequence[str]) -> None:
    """Print the script that completes for the shell that is named in the arguments.

    Raises:
        InputError: it is none of bash, zsh and tcsh, or shtab is not installed.
    """
    shell = " ".join(args).replace("=", " ").removeprefix("--print_completion").strip()
    if shell not in SHELLS:
        raise InputError(f"--print_completion needs a shell, one of {', '.join(SHELLS)}; got {shell or 'none'}")
    if importlib.util.find_spec("shtab") is None:
        raise InputError("--print_completion needs shtab: pip install 'digits[completion]'")
    CompletionCLI(shell)


class CompletionCLI(ArgumentsCLI):
    """Prints the script, in place of running a command."""

    def __init__(self, shell: str) -> None:
        self.shell = shell
        super().__init__([])

    def parse_arguments(self, parser: Any, args: Any) -> None:
        import shtab

        parsers = {name: [one] for name, one in self._subcommand_parsers.items()}
        others = {"predict": predict, "demo": demo, "check": check, "compare": compare, "list": list_command}
        for name, module in others.items():  # `predict` takes pictures, or data and a config
            parsers.setdefault(name, []).append(module.command_parser())
        print(shtab.complete(plain_parser(parsers), self.shell))
        sys.exit()


def plain_parser(parsers: Mapping[str, Sequence[argparse.ArgumentParser]]) -> argparse.ArgumentParser:
    """A parser that knows the names of all commands and options, and of this package's networks and data.

    Jsonargparse's own script holds the options of every class that might be given: 97 MB.

    Args:
        parsers: those of each command.
    """
    whole = argparse.ArgumentParser(PROGRAM)
    whole.add_argument("--version", action="store_true")
    commands = whole.add_subparsers()
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        actions = [action for parser in parsers[name] for action in parser._actions]
        options = {option: action for action in actions for option in action.option_strings}
        for option, action in options.items():
            kinds = [] if action.choices else CLASSES.get(option, [])
            hidden = action.help == argparse.SUPPRESS or option in ("-h", "--help") or option.endswith(("+", ".help"))
            if not hidden:
                choices = [kind.__name__ for kind in kinds] or action.choices
                add_option(command, option, (action.help or "").partition(" (type")[0], choices)
            for setting in dict.fromkeys(name for kind in kinds for name in settings(kind)):
                add_option(command, f"{option}.{setting}")
    return whole


def add_option(command: Any, option: str, text: str = "", choices: Any = None) -> None:
    """Add an option; where it takes a file, the names of files are completed."""
    import shtab

    argument = command.add_argument(option, help=text.replace("%", "%%"), choices=choices)
    if option in FILES:
        argument.complete = shtab.FILE
