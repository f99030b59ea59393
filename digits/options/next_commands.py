"""Commands that are printed for a run: what to do with its network, and how to go on with it."""

import inspect
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name

from jsonargparse import Namespace
from lightning.pytorch import Trainer

from digits import models
from digits.argv import group_options, is_given, without_options
from digits.classifier import Classifier
from digits.console import PROGRAM, shown
from digits.data import CSVDataModule, MixedDataModule
from digits.errors import InputError
from digits.options.config_files import run_name, shown_config
from digits.options.meaning import is_a
from digits.runs import LOG_ROOT, newest_run

TESTED_WITH = ("accelerator", "devices", "logger", "enable_progress_bar")  # the Trainer's options that a test shares


class NextCommands:
    """Commands to print: each does what it says for this run, as it stands there.

    Args:
        argv: the arguments of this command, its name first.
        options: what they mean.
        name: of the run.
        run: its folder.
    """

    def __init__(self, argv: Sequence[str], options: Namespace, name: str, run: Path | None = None) -> None:
        self.argv = argv
        self.options = options
        self.name = name
        self.run = run

    @property
    def given(self) -> str:
        """The options that name runs like this one."""
        if self.options.model is not None and is_given(self.argv, "--model"):
            return self.naming([*self.custom_network("--model"), *self.needed_settings()])
        return self.naming([])

    @property
    def train(self) -> str:
        """The command that makes a run like this one; of `large_cnn` where no network is named."""
        model = self.options.model
        if model is not None and not is_a(model, Classifier):
            return f"{PROGRAM} fit {self.naming(group_options(self.argv, '--model'))}"
        named = "" if self.name == run_name(self.options) else f" {self.naming([])}"
        return f"{PROGRAM} fit --config large_cnn{named}"

    def naming(self, network: list[str]) -> str:
        """The options that name runs like this one, those of its network among them."""
        configs = [shown_config(path.relative) for path in self.options.config or []]
        options = [part for config in configs for part in ("--config", config)]
        if self.name != run_name(self.options) or not options:
            options += [f"--name={self.name}"] if self.name.startswith("-") else ["--name", self.name]
        options += network
        if (root := self.options.trainer.default_root_dir) is not None:
            options += ["--trainer.default_root_dir", str(root)]
        newest = newest_run(Path(root or ".") / LOG_ROOT / self.name)
        if self.run is not None and (newest is None or newest.resolve() != self.run.resolve()):
            options += ["--ckpt_path", shown(self.run)]  # an older one was resumed, or one that lies elsewhere
        return shlex.join(options)

    def use(self, command: str, *data: str) -> str:
        """The command that uses the network of this run, on the same data or on other `data`."""
        return f"{PROGRAM} {command} {self.given} {shlex.join(data or group_options(self.argv, '--data'))}".strip()

    @property
    def demo(self) -> str:
        """The command that shows the network of this run at work."""
        run = shown(self.run or Path(LOG_ROOT))
        return f"{PROGRAM} demo {shlex.join(['--ckpt_path', run, *self.custom_network('--networks')])}"

    def custom_network(self, option: str) -> list[str]:
        """The option that names the class of a custom network; none for one of this package."""
        class_path = self.options.model.class_path
        return [] if class_path.rpartition(".")[0] == models.__name__ else [option, class_path]

    def needed_settings(self) -> list[str]:
        """The options of this command that its network's class has no defaults for."""
        parameters = inspect.signature(resolve_name(self.options.model.class_path)).parameters.values()
        settings = self.options.model.get("init_args") or {}  # a class with unknown parameters has none
        needed = [one.name for one in parameters if one.default is one.empty and one.name in settings]
        return [part for name in needed for part in group_options(self.argv, f"--model.{name}")]

    @property
    def next(self) -> str:
        """The command that says what the network of this run is worth, or, if `fit` does so itself, that uses it."""
        settings = self.options.data.get("init_args") or {}
        if is_a(self.options.data, MixedDataModule):
            return self.demo  # own images were trained on
        if not is_a(self.options.data, CSVDataModule):
            return self.use("predict" if self.options.get("test") else "test")
        # Rows of one's own may be among the official test images.
        if settings.get("test") or settings.get("predict"):
            return self.use("test" if settings.get("test") else "predict")
        if settings.get("val_size"):
            return self.use("validate")
        if (rows := file_to_predict(Path(str(settings.get("train"))))) is None:
            return self.demo
        form = [
            part for name in ("label", "classes", "transposed") for part in group_options(self.argv, f"--data.{name}")
        ]
        return self.use("predict", "--data", "CSVDataModule", "--data.predict", str(rows), *form)

    def test_after_fit(self, trainer: Trainer) -> list[str]:
        """The arguments of `test` for this run, if `fit --test true` asks for it; otherwise none.

        Raises:
            InputError: it can't be done when training is over.
        """
        if not self.options.get("test") or self.run is None:
            return []
        settings = self.options.data.get("init_args") or {}
        if is_a(self.options.data, CSVDataModule) and not settings.get("test"):
            raise InputError("--test true needs rows to test on: give --data.test FILE")
        if trainer.world_size > 1:
            raise InputError("--test true is of training in one process: run `digits test` when this one is over")
        if not trainer.checkpoint_callbacks:
            raise InputError("--test true needs a checkpoint: leave --trainer.enable_checkpointing true")
        data = {"class_path": self.options.data.class_path, "init_args": dict(settings)}
        kept = ("--threads", "--fast", "--pictures", *(f"--trainer.{name}" for name in TESTED_WITH))
        same = [part for group in kept for part in group_options(self.argv, group)]
        network = [*self.custom_network("--model"), *self.needed_settings()]
        run = ["--name", self.name, "--ckpt_path", str(self.run), *network]
        return ["test", *run, "--data", json.dumps(data, default=str), *same]

    @property
    def again(self) -> str:
        """This command once more, without its checkpoint."""
        return shlex.join([PROGRAM, *map(short_config, without_options(self.argv, "--ckpt_path"))])

    @property
    def resume(self) -> str:
        """The command that goes on where this run was stopped."""
        rest = [short_config(arg) for arg in without_options(self.argv[1:], "--ckpt_path")]
        if self.options.trainer.max_time is not None:  # which may be used up
            rest = [*without_options(rest, "--trainer.max_time"), "--trainer.max_time", "null"]
        last = "last" if self.run is None else shown(self.run)
        return f"{PROGRAM} fit {shlex.join([*rest, '--ckpt_path', last])}"


def file_to_predict(train: Path) -> Path | None:
    """The file that lies beside one to train on and is called `test` where that is called `train`, as Kaggle's are."""
    rows = train.with_name(train.name.replace("train", "test"))
    return rows if rows != train and rows.is_file() else None


def short_config(arg: str) -> str:
    """An argument; if it is a config that comes with the package, by its name alone."""
    option, equals, path = arg.partition("=")
    return f"{option}={shown_config(path)}" if equals and option == "--config" else arg
