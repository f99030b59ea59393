"""Config files: found anywhere, checked, and read with the present names of their settings."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import Namespace, get_loader, set_loader

from digits.console import warn
from digits.errors import InputError

CONFIGS = Path(__file__).parent / "configs"  # in an installed package
if not CONFIGS.is_dir():
    CONFIGS = Path(__file__).parent.parent / "configs"  # in a clone

# Options that have another name now. The old one works for one version, on the command line and in configs.
RENAMED = {"--data.several": "--data.multiple_digits"}

# Lightning's Timer has one among its defaults, which a config could not hold otherwise.
yaml.SafeDumper.add_multi_representer(Enum, lambda dumper, one: dumper.represent_data(one.value))


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


def run_name(config: Namespace) -> str:
    """The stem of the last config file, or the model's class, or "runs"."""
    if config.config:
        return Path(config.config[-1].relative).stem
    return config.model.class_path.rsplit(".", 1)[-1] if config.model else "runs"
