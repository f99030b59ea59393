"""The command line: `digits fit | validate | test | predict | export`.

LightningCLI drives training; added here are where a run's files go, and which checkpoint the other commands take.
"""

import logging
import re
import sys
import threading
from pathlib import Path
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ProgressBar as LightningBar
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.plugins.io import CheckpointIO

from digits.callbacks import CheckpointFiles, default_callbacks
from digits.callbacks.checkpoints import keep_in, stopped_within_epoch
from digits.callbacks.summary_writers import run_logger
from digits.checkpoint import Checkpoint
from digits.classifier import FINDERS, Classifier
from digits.console import is_first_process, one_line, quiet, say, shown
from digits.ensemble import Ensemble
from digits.errors import InputError
from digits.fast.process import fastest_precision
from digits.fast.trainer import speed_up
from digits.options.arguments import ArgumentsCLI
from digits.options.config_files import run_name, settings_in_configs, with_classes, with_configs, with_new_names
from digits.options.loggers import place
from digits.options.meaning import as_list, is_a, network_from_checkpoint, refuse_unnamed
from digits.options.next_commands import NextCommands
from digits.refusals import refusal, tell_of_thread, with_folder
from digits.runs import LOG_ROOT, TRACES, choose_checkpoint, new_run, remove_empty, run_of
from digits.system.files import PICTURES, TABLES, check_writable, refuse_input
from digits.system.standard_output import reserve_standard_output, wants_standard_output


class DigitsCLI(ArgumentsCLI):
    """What the options do: one folder per run, and checkpoints that are found and checked."""

    def __init__(self, args: list[str]) -> None:
        self.name = ""
        self.checkpoint: Checkpoint | None = None
        self.run: Path | None = None  # of the checkpoint, or a new one
        self.made_run: Path | None = None
        try:
            super().__init__(args)
        except BaseException as error:
            begun = hasattr(self, "trainer") and self.trainer.global_step > 0
            self.remove_empty_run(not isinstance(error, Exception) or refusal(error) is not None or not begun)
            raise with_folder(error, self.run) from error.__cause__
        resumed: Checkpoint | None = self.checkpoint if self.subcommand == "fit" else None
        self.remove_empty_run(resumed is not None and self.trainer.global_step == resumed.global_step)

    def remove_empty_run(self, untrained: bool) -> None:
        """Leave nothing of a run that could not begin, or ended before it saved anything; what was saved stays."""
        if self.made_run is not None:
            remove_empty(self.made_run, of_no_use=TRACES if untrained else ())

    # The checkpoint, and the network that it holds.

    @property
    def options(self) -> Namespace:
        """The options of the command that is run."""
        return self.config[self.subcommand]

    def before_instantiate_classes(self) -> None:
        options = self.options
        self.name = options.name or run_name(options)
        is_ensemble = options.model is not None and is_a(options.model, Ensemble)
        if not is_ensemble:
            self.load_checkpoint()
        elif options.ckpt_path is not None:
            raise InputError("--ckpt_path is of one network: an ensemble's are given by --model.checkpoints")
        if options.model is None or is_a(options.model, Classifier):
            raise InputError("no model: give --config NAME or --model NAME")  # its settings alone name none
        options.name = self.name
        self.chose_precision = self.subcommand == "fit" and options.fast and options.trainer.precision is None
        if self.chose_precision:
            options.trainer.precision = fastest_precision(options.trainer.accelerator)
        leaves_files = not options.trainer.fast_dev_run and self.subcommand != "export"
        if self.run is None and leaves_files and is_first_process():
            self.run = self.made_run = new_run(self.log_folder)
        self.folder = self.run or self.log_folder / "version_"  # only the main process writes
        self.given_logger = place(options.trainer.logger, self.folder)

    def load_checkpoint(self) -> None:
        """Find the checkpoint that is asked for, and take the network from it."""
        options, command = self.options, self.subcommand or ""
        refuse_unnamed(command, options)
        others = NextCommands(self.argv, options, self.name)
        path = choose_checkpoint(command, options.ckpt_path, self.log_folder, others.again, others.train)
        if path is None:
            return
        self.checkpoint = network_from_checkpoint(path, command, self.argv, options)
        self.run = run_of(path)
        if not (options.name or options.config):
            self.name = path.stem if self.run is None else self.run.parent.name
        say(f"Checkpoint: {shown(path)}")

    @property
    def log_folder(self) -> Path:
        """Where the runs of this name lie."""
        return Path(self.options.trainer.default_root_dir or ".").absolute() / LOG_ROOT / self.name

    # The trainer.

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        config, options = self.config_init[self.subcommand].trainer, self.options
        options.trainer.logger = self.given_logger  # the loggers are made
        self.model.tta = options.get("tta", False)
        if self.checkpoint is not None:
            self.model.trained_on = self.checkpoint.trained_on  # whatever the images are now
        for path in self.model.paths if isinstance(self.model, Ensemble) else ():
            say(f"Checkpoint: {shown(path)}")
        config.default_root_dir = str(self.folder)
        if config.logger in (None, True):
            predictions = self.config_init[self.subcommand].get("predictions")
            logs = self.subcommand in ("fit", "test") or (predictions is not None and predictions.picture)
            config.logger = run_logger(self.folder, self.subcommand or "") if logs else False
        commands = NextCommands(self.argv, options, self.name, self.run)
        custom = self.custom_callbacks(config)
        config.callbacks = custom + self.standard_callbacks(config, custom, commands)
        config.enable_model_summary = False  # Lightning's rounds the number of parameters
        saves = config.enable_checkpointing is not False
        if saves and not any(isinstance(plugin, CheckpointIO) for plugin in as_list(config.plugins)):
            config.plugins = [*as_list(config.plugins), CheckpointFiles()]
        try:
            trainer = super().instantiate_trainer(**kwargs)
        except (ValueError, TypeError) as error:  # an accelerator, strategy or precision that Lightning doesn't know
            raise InputError(f"--trainer: {error}") from error
        if any(getattr(one, "verbose", False) or getattr(one, "_verbose", False) for one in custom):
            logging.getLogger("lightning.pytorch").setLevel(logging.INFO)  # what they say, as they are asked to
        if options.fast:
            speed_up(trainer)
        self.test_after_fit = commands.test_after_fit(trainer) if self.subcommand == "fit" else []
        self.say_where(trainer)
        return trainer

    def custom_callbacks(self, config: Namespace) -> list[Callback]:
        """The user's callbacks, without those that this command has no use for."""
        needless = (WeightAveraging,) * (self.subcommand != "fit") + FINDERS * (self.checkpoint is not None)
        custom = [one for one in as_list(config.callbacks) if not isinstance(one, needless)]  # what was found is in it
        keep_in(self.run if self.subcommand == "fit" else None, custom)
        return custom

    def standard_callbacks(self, config: Namespace, custom: list[Callback], commands: NextCommands) -> list[Callback]:
        """The callbacks of every command, as the options of the Trainer, `config`, want them."""
        has_bar = any(isinstance(one, LightningBar) for one in custom)
        return default_callbacks(
            self.run,
            shown(self.checkpoint.path) if self.checkpoint is not None else "",
            commands.next,
            commands.resume,
            checkpoints=config.enable_checkpointing is not False,
            validates=bool(self.datamodule.val_size) and config.limit_val_batches != 0,
            logs=config.logger is not False,
            pictures=self.options.pictures and self.subcommand in ("fit", "test"),
            layers=config.enable_model_summary is not False,
            progress_bar=config.enable_progress_bar is not False and not has_bar,
        )

    def say_where(self, trainer: Trainer) -> None:
        """Print what is done, and on which devices."""
        device, n = trainer.strategy.root_device.type, torch.get_num_threads()
        threads = f" with {n} thread{'s' if n > 1 else ''}" if device == "cpu" else ""
        fastest = " (the fastest here)" if self.chose_precision else ""
        say(
            f"{self.name}: {self.subcommand} on {trainer.world_size} × {device}{threads}, "
            f"seed {self.options.seed_everything},\nprecision {trainer.precision}{fastest}"
        )

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        kwargs = super()._prepare_subcommand_kwargs(subcommand)
        if self.checkpoint is not None:
            kwargs["weights_only"] = True
        return kwargs

    # The commands.

    def fit(self, **kwargs: Any) -> None:
        """Train."""
        try:
            self.trainer.fit(**kwargs)
        except MisconfigurationException as error:
            if self.options.trainer.overfit_batches:  # Lightning names the limits that it sets by it
                told = re.sub(r"limit_(train|val)_batches", "overfit_batches", str(error))
                raise InputError(told) from error
            raise
        if self.test_after_fit and not stopped_within_epoch(self.trainer):
            DigitsCLI(self.test_after_fit)

    def validate(self, **kwargs: Any) -> None:
        """Score the validation images."""
        if not self.datamodule.val_size:
            raise InputError("--data.val_size is 0, so all images are trained on and none validate: use `test`")
        self.trainer.validate(verbose=False, **kwargs)

    def test(self, **kwargs: Any) -> None:
        """Score the official test images."""
        self.trainer.test(verbose=False, **kwargs)
        self.refuse_unreadable()

    def predict(self, **kwargs: Any) -> None:
        """Write predictions."""
        for option, suffixes in {"path": TABLES, "picture": PICTURES}.items():
            if (path := self.options.predictions[option]) is not None:
                check_writable(f"--predictions.{option}", Path(path), suffixes)
                refuse_input(f"--predictions.{option}", Path(path), self.datamodule.files)
        self.trainer.predict(return_predictions=False, **kwargs)
        self.refuse_unreadable()

    def export(self, **kwargs: Any) -> None:
        """Write a trained network as one file."""
        for line in self.trainer.export(**kwargs):  # type: ignore[attr-defined]
            say(line)

    def refuse_unreadable(self) -> None:
        """End with an error after everything else is done."""
        n, predictions = self.datamodule.unreadable, self.options.get("predictions")
        if n and predictions is not None and predictions.format == "kaggle":
            raise InputError(f"a submission needs all images: no prediction, and so no row, for {n:,} of them")
        if n:
            why = "they are named above" if predictions is None else "the column note of the predictions says why"
            raise InputError(f"{n:,} of the files could not be read; {why}")


def main(args: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: the arguments, by default the program's own.
    """
    quiet()
    threading.excepthook = tell_of_thread
    args = sys.argv[1:] if args is None else args
    try:
        args = with_configs(with_classes(with_new_names(args)))
        with reserve_standard_output(wants_standard_output([*settings_in_configs(args), *args])):
            DigitsCLI(args)
    except Exception as error:
        told = refusal(error)
        if told is None:
            raise
        sys.exit(one_line(told))
