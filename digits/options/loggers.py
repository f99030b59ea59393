"""Loggers that the user names: their files go into the run's folder where nothing else is asked for."""

import json
import os
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import Namespace

# Lightning's, which can't do without a save_dir; empty means the run's folder.
NEED_SAVE_DIR = ("CSVLogger", "TensorBoardLogger")


def with_save_dir(args: Sequence[str]) -> list[str]:
    """The arguments, with an empty save_dir behind each logger that needs one; one that follows takes its place."""
    whole: list[str] = []
    for i, arg in enumerate(args):
        whole.append(arg)
        option, equals, value = arg.partition("=")
        if not equals and i > 0:
            option, value = args[i - 1], arg
        if option.rstrip("+") != "--trainer.logger":
            continue
        if value.endswith(NEED_SAVE_DIR):
            whole.append("--trainer.logger.save_dir=")
        elif value.startswith(("[", "{")):  # as in a config
            whole[-1] = f"{option}=" * bool(equals) + filled(value)
    return whole


def filled(value: str) -> str:
    """Loggers in YAML, as a config has them, each with a save_dir; text that is no YAML is returned unchanged."""
    try:
        return json.dumps(fill_save_dirs(yaml.safe_load(value)))
    except yaml.YAMLError:
        return value  # which the parser refuses


def fill_save_dirs(settings: Any) -> Any:
    """The `trainer.logger` of a config file, with an empty save_dir where it names a logger that needs one."""
    if isinstance(settings, list):
        return [fill_save_dirs(one) for one in settings]
    if isinstance(settings, str) and settings.endswith(NEED_SAVE_DIR):
        settings = {"class_path": settings}
    if isinstance(settings, dict) and str(settings.get("class_path")).endswith(NEED_SAVE_DIR):
        arguments = settings.get("init_args") or {}
        return {**settings, "init_args": {"save_dir": "", **arguments}}
    return settings


def place(logger: Any, folder: Path) -> Any:
    """Set where a logger writes, before it is made: into the run's folder, unless the user says where.

    Args:
        logger: its settings, or a list of several; anything else names no logger.
        folder: of the run.

    Returns:
        The settings as they were, for a config that another run can be made by.
    """
    given = deepcopy(logger)
    for one in logger if isinstance(logger, list) else [logger]:
        if isinstance(one, Namespace) and "class_path" in one and "save_dir" in (one.get("init_args") or {}):
            place_one(one.class_path.rpartition(".")[2], one.init_args, folder)
    return given


def place_one(kind: str, arguments: Namespace, folder: Path) -> None:
    """Set the arguments of one logger; "lightning_logs" is Lightning's default name, and here the folder above."""
    chosen = arguments.save_dir not in ("", ".", "./mlruns", None)  # and none of Lightning's defaults
    unnamed = arguments.get("name") == "lightning_logs"
    if kind == "TensorBoardLogger" and not chosen:
        arguments.save_dir, arguments.name, arguments.version = (
            str(folder.parent.parent),
            folder.parent.name,
            folder.name,
        )
        arguments.default_hp_metric = False
    elif kind == "CSVLogger":  # its metrics.csv must not be the run's
        arguments.save_dir = arguments.save_dir or str(folder)
        arguments.name = arguments.name if not unnamed else f"{folder.parent.name}/csv" if chosen else "csv"
    elif kind == "TensorBoardLogger" and unnamed:
        arguments.name = folder.parent.name
    elif kind == "MLFlowLogger" and not chosen:
        arguments.save_dir = str(folder / "mlruns")
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # since 3.17 it writes files only where this is set
    elif not chosen:  # such as WandbLogger's
        arguments.save_dir = str(folder)
