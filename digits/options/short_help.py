"""`digits COMMAND --help`: the options that people change; `--help-all` lists those of Lightning, too."""

import argparse
import inspect
import re
import shutil
from collections.abc import Iterator
from typing import Any

from lightning.pytorch.cli import LightningArgumentParser

from digits.callbacks import PredictionWriter
from digits.classifier import Classifier
from digits.commands.predict import command_parser
from digits.console import COMMANDS, PROGRAM, fill
from digits.data import DigitsDataModule
from digits.options.suggestions import NETWORKS, SOURCES

# Descriptions of options that Lightning describes at length, or not at all.
WORDS = {
    "config": "settings in YAML: a file, or the name of one that comes with the package, such as large_cnn",
    "seed_everything": "the seed of all that is random",
    "name": "of the run's folder, lightning_logs/NAME; by default that of the config, or of the model",
    "optimizer": "in place of AdamW: torch's, such as SGD",
    "lr_scheduler": "of --optimizer: torch's, such as StepLR",
    "trainer.max_epochs": "passes over the training images",
    "trainer.accelerator": "cpu, gpu, mps or auto",
    "trainer.devices": "how many of them, or which",
    "trainer.precision": "32-true, bf16-mixed and others; by default the fastest for training, and 32-true otherwise",
    "trainer.callbacks": "Lightning's, such as EarlyStopping, or your own",
    "trainer.logger": "true: TensorBoard, false: none, or one of Lightning's",
    "trainer.fast_dev_run": "try a few batches, and leave nothing",
    "trainer.default_root_dir": "where lightning_logs lies",
}
TRAINER = [name.partition(".")[2] for name in WORDS if name.startswith("trainer.")]
USAGE = {  # of commands that can be given in two ways
    "predict": (
        f"usage: {PROGRAM} predict PICTURE … [options with PICTURE]",
        f"       {PROGRAM} predict [options without PICTURE]",
    ),
    "test": (f"usage: {PROGRAM} test [PICTURE …] [options]",),
}
Option = tuple[str, str, Any]  # its name, what it does, its default
AUGMENTATION = "augmentation in training"  # with which the descriptions of its options begin
OF_TRAINING = ("optimizer", "lr_scheduler")
HIDDEN = ("help", "print_config", "trainer", "model", "data", "predictions")  # listed below, or shown at the end


def short_help(command: str, parser: LightningArgumentParser) -> str:
    """The help of a command on at most two screens.

    Args:
        command: fit, validate, test, predict or export.
        parser: of the command.
    """
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    lines = [*USAGE.get(command, (f"usage: {PROGRAM} {command} [options]",)), "", fill(COMMANDS[command], width=width)]
    for title, options in sections_of(command, parser).items():
        lines += ["", f"{title}:", *(described_option(*option, width) for option in options)]
    rest = f"All options, those of Lightning's Trainer among them: {PROGRAM} {command} --help-all"
    return "\n".join([*lines, "", fill(rest, width=width)])


def sections_of(command: str, parser: LightningArgumentParser) -> dict[str, list[Option]]:
    """The options that are shown of a command, by the titles above them."""
    shown_ones = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    known = {action.dest: (WORDS.get(action.dest, action.help or ""), action.default) for action in shown_ones}
    hidden = HIDDEN if command == "fit" else (*HIDDEN, *OF_TRAINING)
    own = [name for name in known if "." not in name and name not in hidden]
    sections: dict[str, list[Option]] = {"options": [(f"--{name}", *known[name]) for name in own]}
    if command == "predict":
        beside = {action.dest: action for action in command_parser()._actions if action.option_strings}
        first = [(f"--{name}", one.help or "", one.default) for name, one in beside.items() if name != "help"]
        sections = {
            "options with PICTURE, which print a line each": first,
            "options without PICTURE": sections["options"],
        }
    networks = ", ".join(sorted(kind.__name__ for kind in NETWORKS))
    sections["network"] = [("--model", f"{networks}, or your own, such as mine.Net", None)]
    if command == "fit":
        sections["network"] += described(Classifier, "model")
    sources = ", ".join(kind.__name__ for kind in SOURCES)
    sections["images"] = [("--data", f"{sources}, or your own", SOURCES[0].__name__)]
    sections |= settings_of_sources(command)
    if command == "predict":
        sections["predictions"] = list(described(PredictionWriter, "predictions"))
    trainer = TRAINER if command == "fit" else TRAINER[1:4]
    sections["trainer"] = [(f"--trainer.{name}", *known[f"trainer.{name}"]) for name in trainer]
    return sections


def settings_of_sources(command: str) -> dict[str, list[Option]]:
    """The options of each source of images, of all of them, and of augmentation, by their titles."""
    shared = [*described(DigitsDataModule, "data")]
    sections = {
        f"images of {kind.__name__}": [option for option in described(kind, "data") if option not in shared]
        for kind in SOURCES
    }
    if command in ("fit", "validate"):
        sections["images of any source"] = [option for option in shared if not option[1].startswith(AUGMENTATION)]
    if command == "fit":
        sections[f"{AUGMENTATION}, by default none"] = [
            (name, words.removeprefix(f"{AUGMENTATION}: "), None)
            for name, words, _ in shared
            if words.startswith(AUGMENTATION)
        ]
    return sections


def described(kind: type, group: str) -> Iterator[Option]:
    """The arguments of a class as options, with their descriptions in its docstring, and their defaults."""
    text = inspect.cleandoc(kind.__doc__ or "").partition("Args:\n")[2]
    found = {name: " ".join(words.split()) for name, words in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, re.M)}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            default = None if parameter.default is parameter.empty else parameter.default
            yield f"--{group}.{name}", found.get(name, ""), default


def described_option(option: str, words: str, default: Any, width: int) -> str:
    """An option with its description and its default."""
    known = "" if default in (None, "==SUPPRESS==", []) else f" [{as_given(default)}]"
    text = f"{option:<22} {words.rstrip('.')}{known}"
    return fill(text, "  ", " " * 25, width)


def as_given(default: Any) -> str:
    """A default as it is given on the command line."""
    if isinstance(default, bool):
        return str(default).lower()
    name = getattr(default, "class_path", None) or (default.get("class_path") if isinstance(default, dict) else None)
    return name.rpartition(".")[2] if name else str(default)
