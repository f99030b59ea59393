"""What was meant by a misspelt option or class."""

import inspect
import re

from digits import models
from digits.classifier import Classifier
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
        known = {*inspect.signature(shared).parameters}
        known |= {word for kind in kinds if kind.__name__ == name for word in inspect.signature(kind).parameters}
        return did_you_mean(f"--{group}.{option}", [f"--{group}.{word}" for word in sorted(known)])
    if match := re.search(r"(model|data): there is no class (\w+)$", message):
        return did_you_mean(match[2], [kind.__name__ for kind in GROUPS[match[1]][0]])
    return ""
