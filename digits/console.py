"""What stands on the command line: configs that are found anywhere, and errors of one line that name the option."""

import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

import yaml
from jsonargparse import Namespace, get_loader, set_loader
from lightning.pytorch.cli import LightningArgumentParser
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from digits.errors import InputError

CONFIGS = Path(__file__).parent / "configs"  # in an installed package
if not CONFIGS.is_dir():
    CONFIGS = Path(__file__).parent.parent / "configs"  # in a clone

# Options that have another name now. The old one works for one version, on the command line and in configs.
RENAMED = {"--data.several": "--data.multiple_digits"}

# Lightning's Timer has one among its defaults, which a config could not hold otherwise.
yaml.SafeDumper.add_multi_representer(Enum, lambda dumper, one: dumper.represent_data(one.value))


class Parser(LightningArgumentParser):
    """A parser whose errors are one line that names the option, instead of its whole usage."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        if not self.exit_on_error:  # a parser within the parser, whose errors are collected
            super().error(message, ex)
        raise InputError(f"{brief(message)} (options: {self.prog.replace('[options] ', '')} --help)")


def brief(message: str) -> str:
    """Jsonargparse's tree of reasons, less what repeats the question: one line."""
    noise = (
        r"Does not validate against any of the Union subtypes|Subtypes: .*|Errors:|Expected a <class 'NoneType'>"
        r"|Given value type: .*|Given value: (NestedArg|Namespace|\{).*|Expected a path but .*"
    )
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    text = " ".join(line for line in lines if line and not re.fullmatch(noise, line))
    for pattern, better in [
        (r"<class '([^']+)'>", r"\1"),
        (r'Parser key "([^"]+)":', r"\1:"),
        (r"Problem with given class_path '[^']*\.(\w+)':", r"\1:"),
        (r"Expected a dot import path string: (\S+) Given.*", r"there is no class \1"),
        (r" Given value: ", r", got "),
        (r"\. Got value: ", r", got "),
        (r"Expected a ", r"expected "),
    ]:
        text = re.sub(pattern, better, text)
    return text


def config_paths(args: list[str]) -> Iterator[tuple[int, str]]:
    """The path of each --config, and where in `args` it stands."""
    options = ("--config", "-c")
    for i, arg in enumerate(args):
        option, equals, path = arg.partition("=")
        if i and args[i - 1] in options:
            yield i, arg
        elif equals and option in options:
            yield i, path


def with_configs(args: list[str]) -> list[str]:
    """The arguments, with the package's own file in place of a config that isn't there, outside a clone."""
    whole = list(args)
    for i, path in config_paths(args):
        if not Path(path).exists() and (CONFIGS / Path(path).name).is_file():
            whole[i] = args[i].replace(path, str(CONFIGS / Path(path).name))
    return whole


def refuse_broken_configs(args: list[str]) -> None:
    """Raise an InputError for a --config that is no YAML; the parser's own message names no file."""
    for _, path in config_paths(args):
        if Path(path).is_file():
            try:
                yaml.safe_load(Path(path).read_text())
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                raise InputError(f"--config {path} is not valid YAML: {error}") from None


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
    """What jsonargparse makes of YAML, with the present name of each setting that has an old one, and a warning."""
    loaded = YAML(text)
    for old, new in RENAMED.items():
        group, old_key, new_key = old[2:].split(".")[0], old.split(".")[-1], new.split(".")[-1]
        settings = loaded.get(group) if isinstance(loaded, dict) else None
        for level in (settings, settings.get("init_args")) if isinstance(settings, dict) else ():
            if isinstance(level, dict) and old_key in level:
                level[new_key] = level.pop(old_key)
                warn(f"{old[2:]} is called {new[2:]} now: the old name will be gone in the next version")
    return loaded


YAML = get_loader("yaml")
set_loader("yaml", load_config, (yaml.YAMLError,))


@rank_zero_only
def warn(message: str) -> None:
    """Print a warning from one process only."""
    print(f"warning: {message}", file=sys.stderr)


def run_name(config: Namespace) -> str:
    """The stem of the last config file, or the model's class, or "runs"."""
    if config.config:
        return Path(config.config[-1].relative).stem
    return config.model.class_path.rsplit(".", 1)[-1] if config.model else "runs"
