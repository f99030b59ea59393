"""Config files: found anywhere, checked, and read with the present names of their settings."""

import itertools
import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import Namespace, get_loader, set_loader

from digits.argv import values_of, without_options
from digits.console import warn
from digits.errors import InputError
from digits.options.loggers import fill_save_dirs
from digits.similar_names import did_you_mean

PACKAGE = Path(__file__).parents[1]
CONFIGS = PACKAGE / "configs"  # in an installed package
if not CONFIGS.is_dir():
    CONFIGS = PACKAGE.parent / "configs"  # in a clone

MEASURED = re.compile(r"# Measured: (\S+) parameters, test error ([^,]+%)(?:, fit in ([^,]+?))?(?: on .*)?\.")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # twenty times as fast, where PyYAML was built with it
DEEPEST, MOST_ALIASES, MOST_NODES = 30, 10, 10_000  # of a config

GROUPS = ("trainer", "model", "data", "predictions")  # of settings

CLASSES = ("--model", "--data", "--optimizer", "--lr_scheduler", "--trainer.logger")  # options that name one
CLASS_NAME = r"(?!.*\.(yaml|yml|json)$)[A-Za-z][\w.]*"

# Options that have another name now. The old one works for one version, on the command line and in configs.
RENAMED = {"--data.several": "--data.multiple_digits"}

# Lightning's Timer has one among its defaults, which a config could not hold otherwise.
yaml.SafeDumper.add_multi_representer(Enum, lambda dumper, one: dumper.represent_data(one.value))


def with_configs(args: list[str]) -> list[str]:
    """The arguments with the configs in front, so that every other option wins over them, and with their files found.

    Args:
        args: the command, then its options.
    """
    configs = [f"--config={find_config(name)}" for name in values_of(args, "--config", "-c")]
    rest = without_options(args, "--config", "-c")
    return [*rest[:1], *configs, *rest[1:]]


def with_classes(args: list[str]) -> list[str]:
    """The arguments with the classes that they name in front, so that settings of these may stand anywhere.

    The parser knows no setting of a class that is named after it. Where a class is given with its settings, by a file
    or twice, the order stays, as the later of two wins.

    Args:
        args: the command, then its options.
    """
    named: dict[str, list[str]] = {}
    rest, words = [], iter(args)
    for word in words:
        option, equals, value = word.partition("=")
        if option not in CLASSES:
            rest.append(word)
            continue
        given = [word] if equals else [word, *itertools.islice(words, 1)]
        if option in named or not re.fullmatch(CLASS_NAME, value or given[-1]):
            return args
        named[option] = given
    return [*rest[:1], *itertools.chain(*named.values()), *rest[1:]]


def find_config(name: str) -> str:
    """The file that --config names: a file, or NAME, NAME.yaml or configs/NAME.yaml of one that comes with the package.

    Raises:
        InputError: there is none.
    """
    if not name:
        raise InputError("--config is empty: give a file, or the name of a config (see `digits list`)")
    if Path(name).is_file():
        return name
    known = packaged()
    match = re.fullmatch(r"(?:configs/)?(\w+)(?:\.yaml)?", name)
    if match is not None and match[1] in known:
        return str(CONFIGS / f"{match[1]}.yaml")
    if (inner := Path(name) / "config.yaml").is_file():
        raise InputError(f"--config {name} is a folder: did you mean {inner}?")
    hint = did_you_mean(Path(name).stem, known) or f" (packaged: {', '.join(known)}; see `digits list`)"
    raise InputError(f"--config {name}: there is no such file{hint}")


@dataclass(frozen=True)
class PackagedConfig:
    """What a config that comes with the package says of itself, and what was measured of it; "" where nothing was.

    Args:
        name: without folder and suffix.
        text: what it is, in a sentence.
        parameters: of its network.
        error: on MNIST's official test images, in percent; mean ± standard deviation over seeds.
        time: that training takes on 2 cores.
    """

    name: str
    text: str
    parameters: str = ""
    error: str = ""
    time: str = ""


def describe(name: str) -> PackagedConfig:
    """Read the first two lines of a packaged config; python -m benchmarks.tables writes the second."""
    first, second, *_ = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    match = MEASURED.match(second.replace("+-", "±"))
    return PackagedConfig(name, first.removeprefix("# "), *(found or "" for found in (match.groups() if match else ())))


def packaged() -> list[str]:
    """The names of the configs that come with the package."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def settings_in_configs(args: list[str]) -> list[str]:
    """The settings in the files of --config as arguments, such as --predictions.path=-.

    Raises:
        InputError: one is no settings in YAML; the parser's own message names no file.
    """
    found = []
    for path in (arg.removeprefix("--config=") for arg in args if arg.startswith("--config=")):
        for key, value in read_settings(path).items():
            inner = value.items() if isinstance(value, dict) else [("", value)]
            found += [f"--{key}{'.' if name else ''}{name}={one}" for name, one in inner if isinstance(one, str)]
    return found


def read_settings(path: str) -> dict[Any, Any]:
    """What a config holds.

    Raises:
        InputError: it is no YAML, larger than it looks, or holds something else.
    """
    try:
        text = read_text(path)
        check_size(text)
        settings = yaml.load(text, LOADER)
    except UnicodeDecodeError:
        raise InputError(f"--config {path} is no text in UTF-8: save it as such") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # among them numbers of thousands of digits
        raise InputError(f"--config {path} is not valid YAML: {str(error)[:300]}") from None
    if not isinstance(settings, dict) or all(key in GROUPS and value is None for key, value in settings.items()):
        raise InputError(f"--config {path} holds no settings: see `digits fit --print_config` for their form")
    for group in GROUPS:
        if not isinstance(settings.get(group, ""), dict | str | None):  # a class, or another file
            raise InputError(f"--config {path}: {group} is to hold settings by name, got {settings[group]!r}"[:300])
    return settings


def read_text(path: str | os.PathLike) -> str:
    """The text of a config, which is in UTF-8, whatever the encoding of the machine is."""
    return Path(path).read_text(encoding="utf-8-sig")


def check_size(text: str) -> None:
    """Raise a ValueError for YAML that is deep, or larger than it looks: an alias may stand for any amount of it."""
    depth = aliases = 0
    for number, event in enumerate(yaml.parse(text, LOADER)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > DEEPEST or aliases > MOST_ALIASES or number > MOST_NODES:
            raise ValueError(f"more than {DEEPEST} levels, {MOST_ALIASES} aliases or {MOST_NODES:,} nodes")


def with_new_names(args: list[str]) -> list[str]:
    """The arguments, with the present name of each option that is given by an old one, and a warning for it."""
    whole = []
    for arg in args:
        option, equals, value = arg.partition("=")
        new = RENAMED.get(option.replace(".init_args.", "."))
        if new is not None:
            warn(f"{option} is called {new} now: the old name will be gone in the next version")
        whole.append(f"{new}{equals}{value}" if new is not None else arg)
    return whole


def load_config(text: str) -> Any:
    """What jsonargparse makes of YAML, with the present name of each setting that has an old one, and a warning.

    An empty group, such as one whose settings are all commented out, is left out.
    """
    loaded = YAML(text)
    for group in GROUPS:
        if isinstance(loaded, dict) and loaded.get(group, "") is None:
            del loaded[group]
    for old, new in RENAMED.items():
        group, old_key, new_key = old[2:].split(".")[0], old.split(".")[-1], new.split(".")[-1]
        settings = loaded.get(group) if isinstance(loaded, dict) else None
        for level in (settings, settings.get("init_args")) if isinstance(settings, dict) else ():
            if isinstance(level, dict) and old_key in level:
                level[new_key] = level.pop(old_key)
                warn(f"{old[2:]} is called {new[2:]} now: the old name will be gone in the next version")
    trainer = loaded.get("trainer") if isinstance(loaded, dict) else None
    if isinstance(trainer, dict) and "logger" in trainer:
        trainer["logger"] = fill_save_dirs(trainer["logger"])
    return loaded


def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Text as YAML, quoted where jsonargparse would read a number, such as 1e3, or no YAML, such as {epoch}-{step}."""
    try:
        plain = isinstance(YAML(text), str) or "\n" in text
    except (yaml.YAMLError, TypeError):  # the latter for a lone question mark
        plain = False
    style = None if plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


YAML = get_loader("yaml")
set_loader("yaml", load_config, (yaml.YAMLError,))
yaml.SafeDumper.add_representer(str, represent_text)


def shown_config(path: str) -> str:
    """A config's file as it is given on the command line; the name alone of one that comes with the package."""
    return Path(path).stem if Path(path).parent == CONFIGS else path


def run_name(config: Namespace) -> str:
    """The stem of the last config file, or the model's class, or "runs"."""
    if config.config:
        return Path(config.config[-1].relative).stem
    return config.model.class_path.rsplit(".", 1)[-1] if config.model else "runs"
