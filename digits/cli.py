"""The command line: `python -m digits fit | validate | test | predict`.

LightningCLI drives training; added here are where a run's files go, and which checkpoint the other commands take.
"""

import inspect
import json
import logging
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint, WeightAveraging
from lightning.pytorch.callbacks import ProgressBar as LightningBar
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.io import CheckpointIO
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from digits.callbacks import (
    Calibration,
    Dashboard,
    Epochs,
    FiniteLoss,
    HParams,
    PredictionWriter,
    ProgressBar,
    Report,
    RewindTensorBoard,
    StopAtStep,
    summarize,
)
from digits.callbacks.summary_writers import summary_writers
from digits.checkpoint import is_own, rebuild
from digits.commands.compare import compare
from digits.commands.demo import demo
from digits.commands.export import ExportingTrainer
from digits.console import Parser, refuse_broken_configs, run_name, warn, with_configs, with_new_names
from digits.data import CSVDataModule, DigitsDataModule, MNISTDataModule
from digits.ensemble import Ensemble
from digits.errors import InputError
from digits.fast.loop import use_fast_path
from digits.fast.process import (
    fastest_precision,
    keep_freed_memory,
    leave_tensorflow_alone,
    look_for_gpus_once,
    use_channels_last,
)
from digits.files import CheckpointFiles, replacing
from digits.models import Classifier
from digits.runs import (
    LOG_ROOT,
    checkpoint_of,
    find_checkpoint,
    new_run,
    newest_checkpoint,
    newest_run,
    read_checkpoint,
    run_of,
)

PROGRAM = "python -m digits"

COMMANDS = {
    "fit": "Train a network; its run's folder keeps everything.",
    "validate": "Score the validation images.",
    "test": "Score the official test images, or labelled pictures or rows of your own.",
    "predict": "Write a file of predictions, for MNIST's test images, pictures or CSV files.",
    "export": "Write a trained network as one file for other programs: ONNX or torch.export.",
    "demo": "Draw digits in the browser.",
    "compare": "Show runs side by side.",
}

# Said by Lightning and torch of things that are as they should be here.
NOISE = [
    ".*does not have many workers.*",  # the data is in memory
    ".*callbacks used to create the checkpoint need to be provided.*",  # testing saves no checkpoints
    ".*but have no logger configured.*",  # validating logs nothing
    ".*Total length of `list` across ranks is zero.*",  # training on everything, with nothing to validate on
    ".*It is recommended to use `self.log\\(.*sync_dist.*",  # the metric itself has added up all processes
    ".*Checkpoint directory .* exists and is not empty.*",  # resuming continues in the run's folder
    ".*could not find the monitored key.*",  # stopped before the first validation; later it is an error
    ".*number of training batches .* is smaller than the logging interval.*",
    ".*your dataloader is not resumable.*",  # its data module is
    ".*`isinstance\\(treespec, LeafSpec\\)` is deprecated.*",
    ".*Starting from v1.9.0, `tensorboardX` has been removed.*",
]


# Errors that name what the user gave; all others are bugs, and show their traceback.
KNOWN_ERRORS = (InputError, MisconfigurationException, ModuleNotFoundError, OSError)


class ConfigWriter(SaveConfigCallback):
    """Write the resolved configuration into the run's folder, once it is known to be one that trains."""

    def __init__(self, parser: LightningArgumentParser, config: Namespace, run: Path | None) -> None:
        super().__init__(parser, config)
        self.run = run

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Too early: a checkpoint that is to be resumed may still be refused."""

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        if self.run is not None and trainer.is_global_zero:
            config = self.config.clone()
            config.ckpt_path = None  # where this run was resumed from is no part of how to run it
            self.parser.save(config, self.run / "config.yaml", skip_none=False, overwrite=True)
            for board in summary_writers(trainer):
                board.add_text("config", f"```yaml\n{(self.run / 'config.yaml').read_text()}\n```")


class DigitsCLI(LightningCLI):
    """LightningCLI with one folder per run, and checkpoints that are found and checked."""

    def __init__(self, args: list[str] | None = None) -> None:
        self.argv = args = with_configs(with_new_names(sys.argv[1:] if args is None else args))
        self.name = ""
        self.checkpoint: Path | None = None
        self.run: Path | None = None
        self.made_run: Path | None = None
        self.start_step = 0
        self.trained_on: dict[str, Any] | None = None
        try:
            self.execute(args)
        except KNOWN_ERRORS:
            self.remove_empty_run()
            raise

    def remove_empty_run(self) -> None:
        """Leave nothing of a run that could not begin; what was computed stays."""
        if self.made_run is None:
            return
        if self.subcommand == "fit" and (not hasattr(self, "trainer") or self.trainer.global_step == 0):
            shutil.rmtree(self.made_run)
        elif not any(self.made_run.iterdir()):
            self.made_run.rmdir()

    def execute(self, args: list[str] | None) -> None:
        """Parse the arguments and run the command."""
        super().__init__(
            Classifier,
            DigitsDataModule,
            save_config_callback=ConfigWriter,
            trainer_class=ExportingTrainer,
            trainer_defaults={"max_epochs": 10, "num_sanity_val_steps": 0},
            seed_everything_default=0,
            subclass_mode_model=True,
            subclass_mode_data=True,
            args=args,
            auto_configure_optimizers=False,
            # Hyperparameters are plain numbers: a checkpoint then holds no name of a function to call.
            load_from_checkpoint_support=False,
            parser_class=Parser,
            parser_kwargs={
                "prog": PROGRAM,
                "description": "Handwritten digit recognition: train, test and predict.",
                **{command: {"description": COMMANDS[command]} for command in self.subcommands()},
            },
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """What the Trainer does, with the parameters that are no options; only what is asked for, if anything is.

        The parser of each takes 0.04 s to build.
        """
        loaders = {"model", "dataloaders", "train_dataloaders", "val_dataloaders", "datamodule"}
        fixed = {"weights_only", "verbose", "return_predictions"}
        commands = ("fit", "validate", "test", "predict", "export")
        return dict.fromkeys({*self.argv[:1]} & {*commands} or commands, loaders | fixed)

    def add_core_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--name",
            type=str | None,
            default=None,
            help=f"Runs go to {LOG_ROOT}/NAME/version_N; by default the name of the config file, or of the model.",
        )
        parser.add_argument(
            "--pictures",
            type=bool,
            default=True,
            help="Draw pictures and TensorBoard's pages after training and testing.",
        )
        parser.add_lightning_class_args(self.trainer_class, "trainer")
        parser.set_defaults({f"trainer.{key}": value for key, value in self.trainer_defaults.items()})
        # Not required: a checkpoint knows its model.
        parser.add_lightning_class_args(Classifier, "model", subclass_mode=True, required=False)
        parser.add_lightning_class_args(DigitsDataModule, "data", subclass_mode=True)
        parser.set_defaults({"data": {"class_path": f"{MNISTDataModule.__module__}.{MNISTDataModule.__name__}"}})

    def setup_parser(self, *args: Any, **kwargs: Any) -> None:
        super().setup_parser(*args, **kwargs)
        for command, parser in self._subcommand_parsers.items():
            ckpt_path = next(action for action in parser._actions if action.dest == "ckpt_path")
            ckpt_path.help = "A checkpoint, a run's folder, best or last of the newest run of this name, or pretrained."
            if command in ("test", "predict"):
                parser.add_argument(
                    "--tta", type=bool, default=False, help="Average over nine views, shifted by up to one pixel."
                )
            if command == "predict":
                parser.add_lightning_class_args(PredictionWriter, "predictions")
        drawing = Parser(description="A page in the browser to draw digits on.", prog=PROGRAM)
        drawing.add_function_arguments(demo)
        comparing = Parser(description="A table of runs, and a chart of their validation error.", prog=PROGRAM)
        comparing.add_argument("runs", nargs="+", help=f"Folders of runs, such as {LOG_ROOT}/*/version_*.")
        comparing.add_argument("--picture", default=f"{LOG_ROOT}/compare.png", help="The chart's PNG file.")
        commands = self.parser._subcommands_action
        assert commands is not None
        commands.add_subcommand("demo", drawing, help="")
        commands.add_subcommand("compare", comparing, help="")
        for listed in commands._choices_actions:
            listed.help = COMMANDS[listed.dest]

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        refuse_broken_configs(self.argv)
        self.config = parser.parse_args(args)  # type: ignore[arg-type]
        seed = self.config[self.config.subcommand].get("seed_everything", 0)
        if not isinstance(seed, bool) and not 0 <= seed < 1 << 32:
            raise InputError(f"--seed_everything must be from 0 to 4294967295, got {seed}")
        if self.config.subcommand == "demo":
            demo(**self.config.demo)
            sys.exit()
        if self.config.subcommand == "compare":
            print(compare(self.config.compare.runs, self.config.compare.picture))
            print(f"Chart: {self.config.compare.picture}")
            sys.exit()

    def _parse_ckpt_path(self) -> None:
        """Lightning lets a checkpoint's hyperparameters win over the command line without a word; see below."""

    def before_instantiate_classes(self) -> None:
        config = self.config[self.config.subcommand]
        self.name = config.name or run_name(config)
        if Path(self.name).is_absolute() or ".." in Path(self.name).parts:
            raise InputError(f"--name {self.name} leads out of {LOG_ROOT}: see --trainer.default_root_dir")
        ensemble = config.model is not None and config.model.class_path == f"{Ensemble.__module__}.{Ensemble.__name__}"
        if not ensemble:
            self.find_checkpoint(config)
        elif config.ckpt_path is not None:
            raise InputError("--ckpt_path is of one network: an ensemble's are given by --model.checkpoints")
        if self.checkpoint is not None:
            checkpoint = read_checkpoint(self.checkpoint)
            self.take_model_from_checkpoint(config, checkpoint)
            self.start_step = checkpoint.get("global_step", 0)
            self.run = run_of(self.checkpoint)
            if self.run is not None and not (config.name or config.config):
                self.name = self.run.parent.name
            config.ckpt_path = str(self.checkpoint)
            say(f"Checkpoint: {shown(self.checkpoint)}")
        if config.model is None:
            raise InputError("no model: give --config configs/NAME.yaml or --model NAME")
        for option in ("max_epochs", "max_steps", "limit_train_batches"):
            if self.subcommand == "fit" and config.trainer[option] == 0:
                raise InputError(f"--trainer.{option} 0 trains nothing")
        if config.trainer.barebones:
            raise InputError(
                "--trainer.barebones leaves nothing of a run: see --pictures, --trainer.logger and the like"
            )
        config.name = self.name
        self.chose_precision = self.subcommand == "fit" and config.trainer.precision is None
        if self.chose_precision:
            config.trainer.precision = fastest_precision(config.trainer.accelerator)
        keep_freed_memory()
        leave_tensorflow_alone()
        look_for_gpus_once()

    def given(self) -> str:
        """The options that name this run again."""
        config = self.config[self.config.subcommand]
        options = [option for path in config.config or [] for option in ("--config", path.relative)]
        if self.name != run_name(config) or not options:
            options += ["--name", self.name]
        return shlex.join(options)

    def log_folder(self, config: Namespace) -> Path:
        """Where the runs of this name lie."""
        return Path(config.trainer.default_root_dir or ".").absolute() / LOG_ROOT / self.name

    def find_checkpoint(self, config: Namespace) -> None:
        """Resolve --ckpt_path; without it, all but `fit` take the best checkpoint of the newest run."""
        wanted = config.ckpt_path
        if wanted == "":
            raise InputError("--ckpt_path is empty: give a file, best or last, or leave it out")
        if wanted is None and self.subcommand == "fit":
            restarts = (os.environ.get(f"{by}_RESTART_COUNT", "0") for by in ("TORCHELASTIC", "SLURM"))
            if any(number != "0" for number in restarts):  # torchrun or SLURM repeats a command that was stopped
                run = newest_run(self.log_folder(config))
                self.checkpoint = run and checkpoint_of(run, "last")
            return
        if wanted in (None, "best", "last"):
            folder = self.log_folder(config)
            self.checkpoint = newest_checkpoint(folder, wanted or "best")
            if self.checkpoint is None:
                raise InputError(
                    f"no checkpoint in {shown(folder)}: train first with `{PROGRAM} fit {self.given()}`, "
                    "or give --ckpt_path FILE"
                )
        elif wanted == "pretrained" and self.subcommand == "fit":
            raise InputError("the pretrained weights can't be resumed: train anew with --config configs/best.yaml")
        else:
            self.checkpoint = find_checkpoint(wanted, "last" if self.subcommand == "fit" else "best")

    def take_model_from_checkpoint(self, config: Namespace, checkpoint: dict[str, Any]) -> None:
        """Rebuild the model from what the checkpoint holds; refuse options that contradict it."""
        assert self.checkpoint is not None
        class_path, hparams = checkpoint["class_path"], dict(checkpoint["hyper_parameters"])
        path, name = shown(self.checkpoint), class_path.rsplit(".", 1)[-1]
        if config.model is None:
            if not is_own(checkpoint):  # importing runs: only what the user names
                raise InputError(f"{path} holds a {class_path}: name it with --model {class_path}")
        elif config.model.class_path != class_path:
            other = config.model.class_path.rsplit(".", 1)[-1]
            raise InputError(
                f"{path} holds a {name}, but the model asked for is {other}: give its config or --ckpt_path"
            )
        else:
            # Settings of training in a config may have changed since; what makes the network may not.
            asked = {m[1] for arg in self.argv if (m := re.match(r"--model\.(?:init_args\.)?(\w+)", arg))}
            if config.config:
                asked |= hparams.keys() - inspect.signature(Classifier).parameters.keys()
            for key, value in (config.model.get("init_args") or {}).items():
                if key in asked and hparams.get(key, value) != value:
                    raise InputError(
                        f"--model.{key} {value} contradicts {path}, which was made with {hparams[key]}: "
                        f"leave it out, or train with it: `{PROGRAM} fit --model.{key} {value}`"
                    )
        if is_own(checkpoint):
            rebuild(self.checkpoint, checkpoint)  # refuses what does not fit
        config.model = Namespace(class_path=class_path, init_args=Namespace(hparams))
        self.trained_on = checkpoint.get("data")
        made_with = dict(checkpoint.get("datamodule_hyper_parameters", {}))
        if not made_with and self.config.subcommand == "validate":
            warn(f"{path} does not say what it was trained on: these images may have been among it")
        decisive = {"fit": tuple(made_with), "validate": ("val_size", "split_seed")}
        for key in made_with.keys() & decisive.get(self.config.subcommand, ()):
            value, now = made_with[key], (config.data.get("init_args") or {}).get(key, made_with[key])
            if now != value:
                warn(f"--data.{key} is {now}, but {path} was made with {value}")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        config = self.config_init[self.subcommand].trainer
        use_channels_last(self.model)
        self.model.tta = self.config[self.subcommand].get("tta", False)
        if isinstance(self.model, Ensemble):
            self.trained_on = self.model.trained_on
            for path in self.model.paths:
                say(f"Checkpoint: {shown(path)}")
        if self.trained_on is not None:  # whatever the images are now, the model knows them scaled like this
            self.datamodule.scale_as(self.trained_on["mean"], self.trained_on["std"])
            self.datamodule.classes = self.trained_on["classes"]
        fit = self.subcommand == "fit"
        rank = rank_zero_only.rank  # type: ignore[attr-defined]
        if self.run is None and rank == 0 and not config.fast_dev_run and self.subcommand != "export":
            self.run = self.made_run = new_run(self.log_folder(self.config[self.subcommand]))
        if config.logger in (None, True):
            predictions = self.config_init[self.subcommand].get("predictions")
            logs = self.subcommand in ("fit", "test") or (predictions is not None and predictions.picture)
            config.logger = self.tensorboard() if logs else False
        config.callbacks = as_list(config.callbacks)
        if config.enable_progress_bar is not False and not any(isinstance(c, LightningBar) for c in config.callbacks):
            config.callbacks.append(ProgressBar())
        if self.subcommand == "test":
            self.class_report = Report()
            config.callbacks.append(self.class_report)
        epochs = Epochs(self.run)
        if fit:
            config.callbacks.append(epochs)
        if self.subcommand in ("fit", "test") and self.config[self.subcommand].pictures:
            config.callbacks.append(Dashboard(self.run, epochs))
        if fit:
            config.callbacks += [FiniteLoss(), Calibration()]
            if config.logger is not False:
                config.callbacks += [HParams(), LearningRateMonitor("step")]
            config.callbacks += self.checkpointing(config)
        else:
            config.enable_checkpointing = False
            config.callbacks = [one for one in config.callbacks if not isinstance(one, WeightAveraging)]
        self.summary = config.enable_model_summary is not False
        config.enable_model_summary = False  # Lightning's rounds the number of parameters
        self.save_config_kwargs = {"run": self.run}
        try:
            trainer = super().instantiate_trainer(**kwargs)
        except (ValueError, TypeError) as error:  # an accelerator, strategy or precision that Lightning doesn't know
            raise InputError(f"--trainer: {error}") from error
        use_fast_path(trainer)
        device = trainer.strategy.root_device.type
        say(
            f"{self.name}: {self.subcommand} on {trainer.world_size} × {device}"
            + (f" with {torch.get_num_threads()} threads" if device == "cpu" else "")
            + f", precision {trainer.precision}"
            + (" (the fastest here)" if self.chose_precision else "")
            + f", seed {self.config[self.subcommand].seed_everything}"
        )
        return trainer

    def tensorboard(self) -> TensorBoardLogger:
        """A logger into the run's folder."""
        folder = self.run or self.log_folder(self.config[self.subcommand]) / "version_"  # only rank 0 writes
        suffix = "" if self.subcommand == "fit" else f".{self.subcommand}"  # what `RewindTensorBoard` may not touch
        return TensorBoardLogger(
            folder.parent.parent, folder.parent.name, folder.name, default_hp_metric=False, filename_suffix=suffix
        )

    def checkpointing(self, config: Namespace) -> list[Callback]:
        """The best epoch by validation accuracy, and the last; and what can stop in between.

        Two callbacks: with `save_last`, Lightning writes the last one only when it is also the best.
        """
        if config.enable_checkpointing is False:
            return [StopAtStep(None)]
        if not any(isinstance(plugin, CheckpointIO) for plugin in as_list(config.plugins)):
            config.plugins = [*as_list(config.plugins), CheckpointFiles()]
        folder = self.run and self.run / "checkpoints"
        stop = StopAtStep((folder or Path("checkpoints")) / "last.ckpt")  # only rank 0 writes
        curves = [RewindTensorBoard(self.run)] if self.run is not None else []
        last = ModelCheckpoint(folder, "last", enable_version_counter=False, save_on_train_epoch_end=True)
        if not self.datamodule.val_size or config.limit_val_batches == 0:
            return [*curves, stop, last]
        best = ModelCheckpoint(folder, "best", "val/accuracy", mode="max", enable_version_counter=False)
        return [*curves, stop, best, last]

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        kwargs = super()._prepare_subcommand_kwargs(subcommand)
        if self.checkpoint is not None:
            kwargs["weights_only"] = True
        return kwargs

    def before_validate(self) -> None:
        if not self.datamodule.val_size:
            raise InputError("--data.val_size is 0, so all images are trained on and none validate: use `test`")

    def before_predict(self) -> None:
        self.writer = next(c for c in self.trainer.callbacks if isinstance(c, PredictionWriter))  # type: ignore[attr-defined]
        if self.writer.path is None and self.run is not None:
            self.writer.path = str(self.run / "predictions.csv")
        for option in ("path", "picture"):
            path = getattr(self.writer, option)
            if path is not None:
                check_writable(f"--predictions.{option}", Path(path))
        self.start = time.monotonic()

    def fit(self, **kwargs: Any) -> None:
        """Train; when interrupted, say how to go on."""
        if self.summary:
            say(summarize(self.model))
        try:
            self.trainer.fit(**kwargs)
            if self.checkpoint is not None and self.trainer.global_step == self.start_step:
                say("Nothing to train: the run to resume had reached its end.")
        except SystemExit:
            if self.trainer.interrupted and self.trainer.global_step == 0:
                say("Stopped before the first step.")
            elif self.trainer.interrupted:
                say(
                    f"Stopped after step {self.trainer.global_step:,} of {self.trainer.estimated_stepping_batches:,}. "
                    f"To go on: {PROGRAM} fit {self.given()} --ckpt_path last"
                )
            raise
        except RuntimeError as error:
            if "conditioned on metric" in str(error):  # EarlyStopping
                raise InputError(f"--trainer.callbacks: {error}") from error
            raise

    def validate(self, **kwargs: Any) -> None:
        """Score the validation images."""
        self.trainer.validate(verbose=False, **kwargs)

    def predict(self, **kwargs: Any) -> None:
        """Write predictions."""
        self.trainer.predict(return_predictions=False, **kwargs)

    def test(self, **kwargs: Any) -> None:
        """Score the official test images."""
        self.trainer.test(verbose=False, **kwargs)

    def export(self, **kwargs: Any) -> None:
        """Write a trained network as one file."""
        check_writable("--path", Path(kwargs["path"] or "model"))
        for line in self.trainer.export(**kwargs):  # type: ignore[attr-defined]
            say(line)

    def after_fit(self) -> None:
        for callback in self.trainer.checkpoint_callbacks:
            if isinstance(callback, ModelCheckpoint) and callback.best_model_score is not None:
                say(f"Best validation accuracy: {callback.best_model_score:.2%}")
        if self.run is None:
            return
        say(f"The run's files: {shown(self.run)}")
        if checkpoint_of(self.run, "best") is None:
            return
        if isinstance(self.datamodule, CSVDataModule):  # its rows may be among the official test images
            say(f"Next: {PROGRAM} predict {self.given()} --data CSVDataModule --data.predict FILE")
        else:
            say(f"Next: {PROGRAM} test {self.given()}")
        say(f"      tensorboard --logdir {LOG_ROOT}")

    def after_validate(self) -> None:
        self.report("validation", "val")

    def after_test(self) -> None:
        self.report("test", "test")
        self.keep_test()
        self.refuse_unreadable()

    @rank_zero_only
    def keep_test(self) -> None:
        """Write the scores into the run's folder, by the kind of data, for `compare`."""
        if self.run is None:
            return
        path = self.run / "test.json"
        known = json.loads(path.read_text()) if path.is_file() else {}
        metrics = self.trainer.callback_metrics
        scores = {name: float(metrics[f"test/{name}"]) for name in ("accuracy", "error", "loss", "images")}
        scores["calibration_error"] = self.class_report.calibration_error
        known[type(self.datamodule).__name__] = {**scores, "checkpoint": shown(self.checkpoint or Path())}
        with replacing(path) as file:
            json.dump(known, file, indent=2)

    def report(self, what: str, stage: str) -> None:
        """Print the scores of `stage`."""
        metrics = self.trainer.callback_metrics
        say(
            f"{what} accuracy {metrics[f'{stage}/accuracy']:.2%}, error {metrics[f'{stage}/error']:.2%}, "
            f"loss {metrics[f'{stage}/loss']:.4f}, on {int(metrics[f'{stage}/images']):,} images".capitalize()
        )

    def after_predict(self) -> None:
        data = self.datamodule.predict
        n, notes, unreadable = len(data), data.notes or [], data.unreadable
        without = sum(map(bool, notes)) - unreadable
        if notes:
            counts = [
                (len(notes) - unreadable - without, "predicted"),
                (without, "without a digit"),
                (unreadable, "unreadable"),
            ]
            what = "pictures"
            if data.places is not None:
                what = f"digits in {len(set(data.ids)):,} pictures"
            say(f"{len(notes):,} {what}: {', '.join(f'{n:,} {how}' for n, how in counts if n)}")
        seconds = time.monotonic() - self.start
        say(f"Read, predicted and written: {n:,} images in {seconds:.2f} s, {n / seconds:,.0f} a second")
        for name, number in list(self.writer.numbers.items())[:20]:
            say(f"Read: {name}: {number}")
        say(f"Predictions: {shown(Path(self.writer.path or ''))}")
        if self.writer.picture:
            say(f"Picture: {self.writer.picture}")
        self.refuse_unreadable()

    def refuse_unreadable(self) -> None:
        """End with an error after everything else is done."""
        if self.datamodule.unreadable:
            raise InputError(
                f"{self.datamodule.unreadable:,} of the files could not be read; "
                "the column note of the predictions says why"
            )


def as_list(value: Any) -> list[Any]:
    """What may be one, several or none, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def check_writable(option: str, path: Path) -> None:
    """Refuse a file that can't be written before anything is computed for it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{option} {path} can't be written: {error.strerror}") from None
    if path.is_dir():
        raise InputError(f"{option} {path} is a folder: give a file")


def shown(path: Path) -> str:
    """`path` relative to the working directory if it lies there."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@rank_zero_only
def say(message: str) -> None:
    """Print `message` from one process only."""
    print(message)


def main(args: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: the arguments, by default the program's own.
    """
    for message in NOISE:
        warnings.filterwarnings("ignore", message)
    for package in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(package).setLevel(logging.WARNING)  # hardware not used, products to try
    logging.getLogger("lightning.pytorch.profilers").setLevel(logging.INFO)  # their reports
    try:
        DigitsCLI(args)
    except (*KNOWN_ERRORS, ValueError) as error:
        known = cause(error)
        if known is None:
            raise
        sys.exit(f"error: {' '.join(str(known).split())}")


def cause(error: BaseException | None) -> BaseException | None:
    """`error`, or what it was raised from, if that is meant for the user."""
    while error is not None and not isinstance(error, KNOWN_ERRORS):
        error = error.__cause__
    return error
