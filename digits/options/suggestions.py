"""What was meant by a misspelt option or class."""

import inspect
import os
import re
from collections.abc import Sequence
from pathlib import Path

from lightning.pytorch import Callback
from lightning.pytorch.loggers import Logger
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from digits import models
from digits.argv import options_with_values
from digits.classifier import Classifier
from digits.console import PROGRAM
from digits.data import CSVDataModule, DigitsDataModule, ImageDataModule, MNISTDataModule
from digits.errors import InputError
from digits.options.config_files import packaged
from digits.similar_names import did_you_mean

NETWORKS = [kind for kind in vars(models).values() if isinstance(kind, type) and kind.__base__ is Classifier]
SOURCES: list[type] = [MNISTDataModule, ImageDataModule, CSVDataModule]
CONFIGS = (".yaml", ".yml", ".json")
CSV = re.compile(r"\.(csv|zip|gz|tsv|parquet)$", re.IGNORECASE)
GROUPS = {"model": (NETWORKS, Classifier), "data": (SOURCES, DigitsDataModule)}
BASES: dict[str, type] = {  # of the classes that an option names
    "model": Classifier,
    "data": DigitsDataModule,
    "trainer.callbacks": Callback,
    "trainer.logger": Logger,
    "optimizer": Optimizer,
    "lr_scheduler": LRScheduler,
}
TO_DERIVE_FROM = {"model": "digits.models.Classifier", "data": "digits.data.DigitsDataModule"}
GROUPS_IN_FILES = (*BASES, "trainer", "predictions")  # which a file of their own may hold


def suggestion(message: str, command: str = "") -> str:
    """What to add to an error of the parser of a command; "" where nothing similar is known."""
    if (match := re.search(r"([\w.]+): (\w+): Option '([\w-]+)' is not accepted", message)) and match[1] in BASES:
        group, name, option = match.groups()
        known = GROUPS[group][0] if group in GROUPS else []
        if others := [kind.__name__ for kind in known if option in inspect.signature(kind).parameters]:
            return f": it belongs to --{group} {' and '.join(others)}"
        taken = {word for kind in kinds_of(BASES[group]) if kind.__name__ == name for word in settings(kind)}
        return did_you_mean(f"--{group}.{option}", [f"--{group}.{word}" for word in sorted(taken)])
    if re.search(r"Option '\w+\.[\w.]+' is not accepted", message):
        return ": in a config, a class is given by class_path, and its settings by init_args"
    if (match := re.search(r"(\w+): [\w.]+ is no \w+$", message)) and match[1] in TO_DERIVE_FROM:
        return f": derive it from {TO_DERIVE_FROM[match[1]]}"
    if (match := re.search(r"([\w.]+): there is no class ([\w.]+)$", message)) and match[1] in BASES:
        group, name = match.groups()
        if "." in name:
            return did_you_mean(name, [f"{kind.__module__}.{kind.__name__}" for kind in kinds_of(BASES[group])])
        if group in GROUPS and Path(name).is_dir():
            return f": {instead(group, name)}"
        kinds = GROUPS[group][0] if group in GROUPS else kinds_of(BASES[group])
        return did_you_mean(name, [kind.__name__ for kind in kinds])
    if re.search(r"unrecognized arguments: --(source|images?|input|file|picture)[= ]", message):
        return ": pictures are named without an option"
    if (match := re.search(r"unrecognized arguments: --(output|json)\b", message)) and command == "test":
        return f": `{PROGRAM} predict PICTURE` has it"
    if match and match[1] == "output" and command == "export":
        return ": did you mean --path?"
    if match := re.search(r"unrecognized arguments: ([^\s-]\S*)", message):
        word = match[1]
        if Path(word).is_dir() or CSV.search(word):
            return f": {instead('data', word)}"
        return f": did you mean --config {word}?" if is_config(word) else ""
    return ""


def is_config(word: str) -> bool:
    """Whether this names a config, of the package or in a file."""
    return word in packaged() or Path(word).suffix in CONFIGS


def refuse_files(args: Sequence[str]) -> None:
    """Raise an InputError for a config of a group that is absent, or for another file or folder in its place."""
    for option, value in options_with_values(args):
        named = option.startswith("--") and option[2:].rstrip("+") in GROUPS_IN_FILES
        if named and Path(value).suffix in CONFIGS and not Path(value).is_file():
            raise InputError(f"{option} {value}: there is no such file")
        if option not in ("--model", "--data") or value.startswith("{"):
            continue
        is_folder = Path(value).is_dir() and ("/" in value or os.sep in value)
        if is_folder or (Path(value).is_file() and Path(value).suffix not in CONFIGS):
            raise InputError(f"{option} {value} is no class: {instead(option[2:], value)}")


def instead(group: str, path: str) -> str:
    """What to give for a file or a folder that is named where a class is to be.

    Args:
        group: model or data.
        path: of the file or folder.
    """
    if group == "data" and CSV.search(path):
        return f"for its rows, give --data CSVDataModule --data.train {path}, or .test or .predict"
    if group == "data":
        return f"for pictures, give --data ImageDataModule --data.path {path}"
    if path.endswith(".py"):
        return f"name one in it, such as {Path(path).stem}.Net"
    return f"a checkpoint is given by --ckpt_path {path}"


def kinds_of(base: type) -> list[type]:
    """A class and all that are derived from it, as far as they are imported."""
    derived: list[type] = base.__subclasses__()
    return [base, *(kind for one in derived for kind in kinds_of(one))]


def settings(kind: type) -> list[str]:
    """The settings of a class, and those that it hands on to the classes that it is derived from."""
    found: list[str] = []
    for one in kind.__mro__:
        parameters = [*inspect.signature(one.__init__).parameters.values()][1:]  # type: ignore[misc]
        found += [each.name for each in parameters if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)]
        if not any(each.kind == each.VAR_KEYWORD for each in parameters):
            break
    return found


def settings_of_groups() -> list[str]:
    """The options of all networks and sources of images."""
    kinds = [(group, kind) for group, (own, shared) in GROUPS.items() for kind in (shared, *own)]
    return list(dict.fromkeys(f"--{group}.{name}" for group, kind in kinds for name in settings(kind)))
