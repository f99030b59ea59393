"""The words of a command line, looked through beside the parser that knows what they mean."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise


def is_given(argv: Sequence[str], *options: str) -> bool:
    """Whether one of the options stands on the command line itself, rather than in a config."""
    return any(word.partition("=")[0] in options for word in argv)


def options_with_values(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word with what stands behind its equals sign, or else with the next word: it may be an option's value."""
    for word, following in pairwise([*argv, ""]):
        option, equals, value = word.partition("=")
        yield option, value if equals else following


def values_of(argv: Sequence[str], *options: str) -> list[str]:
    """The values of an option that may be given several times, and under several names."""
    return [value for option, value in options_with_values(argv) if option in options]


def given_settings(argv: Sequence[str], group: str) -> set[str]:
    """The settings of a group, such as "model", that stand on the command line itself."""
    return {match[1] for word in argv if (match := re.match(rf"--{group}\.(?:init_args\.)?(\w+)", word))}


def group_options(argv: Sequence[str], group: str) -> list[str]:
    """The options of a group, such as --data.path of --data, or a single option, each with its value, word by word."""
    found: list[str] = []
    for i, word in enumerate(argv):
        if re.match(rf"{group}[.=]|{group}$", word):
            found += [word] if "=" in word else argv[i : i + 2]
    return found


def without_options(argv: Sequence[str], *options: str) -> list[str]:
    """The words without some options and their values."""
    kept, skip = [], False
    for word in argv:
        if not skip and word.partition("=")[0] not in options:
            kept.append(word)
        skip = word in options
    return kept
