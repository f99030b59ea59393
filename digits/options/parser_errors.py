"""Errors of jsonargparse's parsers, told in one line that names the option."""

import os
import re
from typing import Any, NoReturn

from digits.console import PROGRAM
from digits.errors import InputError
from digits.similar_names import did_you_mean

# Lines that jsonargparse writes around its reasons.
NOISE = re.compile(
    r"Does not validate against any of the Union subtypes|Subtypes: .*|Errors:|Expected a <class 'NoneType'>"
    r"|Given value type: .*|Given value: (NestedArg|Namespace|\{).*|Expected a path but .*"
)
REWORDED = [  # in this order: what one makes, a later one may change
    (r"Expected a <class 'bool'>", r"expected true or false"),
    (r"<class '([^']+)'>", r"\1"),
    (r'Parser key "([^"]+)":', r"\1:"),
    (r"Problem with given class_path '[^']*\.(\w+)':", r"\1:"),
    (r"Expected a dot import path string: ([\w.]+)( Given.*)?", r"there is no class \1"),
    (r" Not a valid subclass of \w+ Subclass types expect.*", ""),
    (r"typing\.Literal\[(.*?)\]", r"one of \1"),
    (r"([\w.]+): (\w+): the following arguments are required: (\w+)(, \w+)*", r"--\1.\3 is missing, which \2 needs"),
    (r"Unable to load config '(.*)' \w+: Unable.*", r"expected settings by name, or a file that holds them, got \1"),
    (r"Not of type PositiveInt: (does not .* v>0|invalid literal .*? 10: '[^']*')", r"must be a whole number from 1"),
    (r" Given value: ", r", got "),
    (r"(\w+): module '([\w.]+)' has no attribute '\1', got [\w.]+", r"there is no class \2.\1"),
    (r"Import path does not correspond to a subclass of (\w+), got ([\w.]+)", r"\2 is no \1"),
    (r"\. Got value: ", r", got "),
    (r"Expected a ", r"expected "),
    (r" expected NoneType(, got \S+?(?=,))?", r""),
    (r"(?<=\w|') expected ", r" or "),
]


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
        if (match := re.search(r"unrecognized arguments: (-\S+)", message)) and os.path.exists(match[1]):  # noqa: PTH110
            return f": the file is given as ./{match[1]}"
        match = re.search(r"unrecognized arguments: (--?[\w.-]+)", message)
        return self.similar(match[1]) if match else ""

    def similar(self: Any, option: str) -> str:
        """The end of an error that suggests an option of this parser."""
        return did_you_mean(option, self.known_options())

    def known_options(self: Any) -> list[str]:
        """The options that may be meant, in the order in which they are looked through."""
        return [option for action in self._actions for option in action.option_strings]


def brief(message: str) -> str:
    """Jsonargparse's tree of reasons as one line, without what repeats the question."""
    message = message.replace("Expected <class", "Expected a <class")  # jsonargparse writes both
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    lines = [line for line in dict.fromkeys(lines) if line and not NOISE.fullmatch(line)]
    others = (  # reasons why the value is none of the other types that the option takes
        rf"Expected a (<class '({'' if 'Literal' in message else 'bool|'}list|collections.*)'>|collections\.abc\.\w+)"
        r"|Parser key|Not a valid subclass of"
        r"|Subclass types expect|a (class path|dict) |Given value: \[Namespace|Import path \S+ does not correspond"
    )
    told = [line for line in lines if line.startswith("Parser key") or not re.match(others, line)]
    text = " ".join(told if any(not re.match("Parser key|Problem with|Given value", line) for line in told) else lines)
    for pattern, better in REWORDED:
        text = re.sub(pattern, better, text)
    return text
