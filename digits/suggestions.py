"""What was meant by a misspelt option or class."""

import inspect
import re

from digits import models
from digits.classifier import Classifier
from digits.config_files import packaged
from digits.console import did_you_mean
from digits.data import CSVDataModule, DigitsDataModule, ImageDataModule, MNISTDataModule

NETWORKS = [kind for kind in vars(models).values() if isinstance(kind, type) and issubclass(kind, Classifier)]
SOURCES: list[type] = [MNISTDataModule, ImageDataModule, CSVDataModule]
GROUPS = {"model": (NETWORKS, Classifier), "data": (SOURCES, DigitsDataModule)}


def suggestion(message: str) -> str:
    """What to add to an error of the parser; "" where nothing similar is known."""
    if match := re.search(r"(model|data): (\w+): Option '(\w+)' is not accepted", message):
        group, name, option = match.groups()
        kinds, shared = GROUPS[group]
        if others := [kind.__name__ for kind in kinds if option in inspect.signature(kind).parameters]:
            return f": it belongs to --{group} {' and '.join(others)}"
        known = {*settings(shared)}.union(*(settings(kind) for kind in kinds if kind.__name__ == name))
        return did_you_mean(f"--{group}.{option}", [f"--{group}.{word}" for word in sorted(known)])
    if match := re.search(r"(model|data): there is no class (\w+)$", message):
        return did_you_mean(match[2], [kind.__name__ for kind in GROUPS[match[1]][0]])
    if re.search(r"unrecognized arguments: --(source|images?|input|file|picture)[= ]", message):
        return ": pictures are named without an option"
    if (match := re.search(r"unrecognized arguments: ([\w.]+)", message)) and match[1] in packaged():
        return f": did you mean --config {match[1]}?"
    return ""


def settings(kind: type) -> list[str]:
    """The settings of a class that can be given by name."""
    parameters = inspect.signature(kind).parameters.values()
    return [one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD]


def settings_of_groups() -> list[str]:
    """The options of all networks and sources of images."""
    kinds = [(group, kind) for group, (own, shared) in GROUPS.items() for kind in (shared, *own)]
    return list(dict.fromkeys(f"--{group}.{name}" for group, kind in kinds for name in settings(kind)))
