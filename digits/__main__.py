"""`digits COMMAND`, the same as `python -m digits COMMAND`.

Only what the command needs is imported: torch and Lightning take seconds.
"""

import gc
import importlib
import itertools
import json
import signal
import sys
from pathlib import Path

from digits import __version__
from digits.argv import is_given, values_of
from digits.console import COMMANDS, OPTIONS, PROGRAM, one_line, usage
from digits.errors import InputError
from digits.similar_names import did_you_mean
from digits.system.signals import ending_on_signals
from digits.system.standard_output import discard_output, repair_output

LIGHTNING = ("fit", "validate", "test", "predict", "export")
INK = ("ink", "ink.yaml", "configs/ink.yaml")  # the config of a network that is no classifier
FLAGS = ("-h", "--help", "--help-all", "--json", "--print_config")  # options without a value
LIGHTNING_OPTIONS = ("-c", "--config", "--print_config")  # LightningCLI's own: settings of several commands


def main(args: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: the arguments, by default the program's own.

    Raises:
        SystemExit: with the error, or the exit status where it is not 0.
    """
    repair_output()
    interrupts: list[int] = []
    try:
        try:
            with ending_on_signals(interrupts):
                run(sys.argv[1:] if args is None else args)
        finally:
            sys.stdout.flush()  # here, where an error is told: at its end, Python would only mention it
    except BrokenPipeError:  # who reads, such as `head`, has read enough
        discard_output()
        sys.exit(128 + signal.SIGPIPE)
    except (InputError, OSError, ModuleNotFoundError) as error:
        sys.exit(one_line(error))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except (Exception, SystemExit) as error:
        if interrupts and (isinstance(error, Exception) or error.code == 1):
            sys.exit(128 + signal.SIGINT)
        raise


def run(args: list[str]) -> None:
    """Find out which command is meant, and run it."""
    command, *options = args or ["--help"]
    if is_given(options, "--networks"):
        search_working_directory()
    if command in ("-h", "--help", "--help-all", "help"):
        print(usage())
    elif command == "--version":
        print(f"{PROGRAM} {__version__}")
    elif command == "predict" and names_pictures(options):
        names, rest = split_pictures(options)
        importlib.import_module("digits.commands.predict").main([*rest, "--", *names] if names else rest)
    elif command == "fit" and any(name in INK for name in values_of(options, "--config", "-c")):
        importlib.import_module("digits.commands.fit_ink").main(args)
    elif command in LIGHTNING or command.split("=")[0] in LIGHTNING_OPTIONS:
        gc.disable()  # what is imported stays: to look for garbage in it takes a quarter of the time
        search_working_directory()
        from digits.cli import main

        gc.freeze()  # nor is it looked for there later
        gc.enable()
        main(with_pictures(args))
    elif command in COMMANDS:
        importlib.import_module(f"digits.commands.{command}").main(options)
    elif command.split("=")[0] == "--print_completion":
        importlib.import_module("digits.options.completion").main(args)
    elif command.startswith("-"):
        known = [word for names in OPTIONS for word in names.replace(",", "").split() if word.startswith("-")]
        raise InputError(f"there is no option {command}{did_you_mean(command, known)} (options: {PROGRAM} --help)")
    elif Path(command).exists():
        raise InputError(f"there is no command {command}: did you mean {PROGRAM} predict {command}?")
    else:
        raise InputError(f"there is no command {command}{did_you_mean(command, COMMANDS)} (commands: {PROGRAM} --help)")


def search_working_directory() -> None:
    """Let modules in the working directory be imported, such as that of --model mine.Net.

    Those that are installed come first: a random.py or torch.py that lies there is not for this program.
    """
    if not sys.flags.safe_path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))


def with_pictures(args: list[str]) -> list[str]:
    """`test my_digits/ …` in its long form: the weights that come with the package, on these pictures."""
    command, *options = args
    names, rest = split_pictures(options)
    if command != "test" or not names:
        return args
    chosen = is_given(rest, "--ckpt_path", "--config", "-c", "--model", "--name")
    network = [] if chosen else ["--ckpt_path=pretrained"]
    return [command, *network, "--data=ImageDataModule", f"--data.path={json.dumps(names)}", *rest]


def names_pictures(options: list[str]) -> bool:
    """Whether `predict` is given pictures, or options that only those have, in place of a config and data."""
    return bool(split_pictures(options)[0]) or is_given(options, "--json", "--output")


def split_pictures(options: list[str]) -> tuple[list[str], list[str]]:
    """The names of pictures among the words that follow a command, and the other words: options with their values."""
    names, rest, words = [], [], iter(options)
    for word in words:
        if not word.startswith("-") or word == "-":
            names.append(word)
        elif word == "--":  # what follows is no option, whatever it is called
            names += words
        else:
            value = [] if "=" in word or word in FLAGS else [*itertools.islice(words, 1)]
            rest += [word, *value]
    return names, rest


if __name__ == "__main__":
    main()
