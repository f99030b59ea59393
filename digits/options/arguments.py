"""What can be given on the command line of LightningCLI's commands."""

import argparse
import sys
from typing import Any

import torch
from jsonargparse.typing import PositiveInt, register_type
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI

from digits.argv import is_given
from digits.callbacks import ConfigWriter, PredictionWriter
from digits.classifier import Classifier
from digits.commands.export import ExportingTrainer
from digits.console import COMMANDS, DESCRIPTION, PROGRAM
from digits.data import DigitsDataModule, MNISTDataModule
from digits.errors import InputError
from digits.fast.threads import use_threads
from digits.options import custom_optimizer
from digits.options.config_files import run_name
from digits.options.init_from import DEFAULT_EPOCHS, add_options, start_from
from digits.options.loggers import with_save_dir
from digits.options.meaning import path_of, refuse_options
from digits.options.parser import Parser
from digits.options.short_help import short_help
from digits.options.suggestions import refuse_files
from digits.runs import LOG_ROOT

# StochasticWeightAveraging has one among its defaults, which a config is to hold.
register_type(torch.device, str, torch.device, fail_already_registered=False)

# Tried in this order: 1 is a batch, and 1.0 are all. Lightning writes Optional[Union[int, float]], which may become
# Optional[Union[float, int]] where that was written before: the two are equal, and Python keeps the first for a while.
LIMIT = int | float | None
OF_FIT = ("init_from", "mnist_share", "test")  # options of `fit` alone


class ArgumentsCLI(LightningCLI):
    """The options of the commands; see `digits.cli.DigitsCLI` for what they do.

    Args:
        args: the arguments, the command first.
    """

    def __init__(self, args: list[str]) -> None:
        self.argv = args
        super().__init__(
            Classifier,
            DigitsDataModule,
            save_config_callback=ConfigWriter,
            trainer_class=ExportingTrainer,
            trainer_defaults={"max_epochs": DEFAULT_EPOCHS, "num_sanity_val_steps": 0},
            seed_everything_default=0,
            subclass_mode_model=True,
            subclass_mode_data=True,
            args=args,
            auto_configure_optimizers=False,  # before the network has the layers that the images need
            # Hyperparameters are plain numbers: a checkpoint then holds no name of a function to call.
            load_from_checkpoint_support=False,
            parser_class=Parser,
            parser_kwargs={
                "prog": PROGRAM,
                "description": DESCRIPTION,
                **{command: {"description": COMMANDS[command]} for command in self.subcommands()},
            },
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """The Trainer's methods, with those of their parameters that are no options; of a known command, its own alone.

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
        parser.add_argument("--pictures", type=bool, default=True, help="Draw pictures and TensorBoard's pages.")
        parser.add_argument(
            "--fast",
            type=bool,
            default=True,
            help="Take what makes training fast: the best precision, fast layers, a short loop over the batches.",
        )
        parser.add_argument(
            "--threads",
            type=PositiveInt | None,
            default=None,
            help="Threads on a CPU; by default one for each core.",
        )
        parser.add_lightning_class_args(ExportingTrainer, "trainer")
        parser.set_defaults({f"trainer.{key}": value for key, value in self.trainer_defaults.items()})
        # Not required: a checkpoint knows its model.
        parser.add_lightning_class_args(Classifier, "model", subclass_mode=True, required=False)
        parser.add_lightning_class_args(DigitsDataModule, "data", subclass_mode=True)
        parser.set_defaults({"data": {"class_path": path_of(MNISTDataModule)}})

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        custom_optimizer.add_options(parser)

    def setup_parser(self, *args: Any, **kwargs: Any) -> None:
        super().setup_parser(*args, **kwargs)
        for command, parser in self._subcommand_parsers.items():
            ckpt_path = next(action for action in parser._actions if action.dest == "ckpt_path")
            ckpt_path.help = "A checkpoint, a run's folder, best or last of the newest run of this name, or pretrained."
            for action in parser._actions:
                if action.dest.startswith("trainer.limit_"):
                    action._typehint = LIMIT  # type: ignore[attr-defined]
            if command == "fit":
                add_options(parser)
                parser.add_argument("--test", type=bool, default=False, help="Test the best checkpoint afterwards.")
            else:  # so that the configuration of a run will do for them, too
                for name in OF_FIT:
                    parser.add_argument(f"--{name}", type=Any, default=None, help=argparse.SUPPRESS)
            if command in ("test", "predict"):
                parser.add_argument(
                    "--tta", type=bool, default=False, help="Average over nine views, shifted by up to one pixel."
                )
            if command == "predict":
                parser.add_lightning_class_args(PredictionWriter, "predictions")

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        command, *options = [*self.argv, ""]
        if command in self._subcommand_parsers and {"-h", "--help"} & {*options}:
            print(short_help(command, self._subcommand_parsers[command]))
            sys.exit(0)
        given = [f"--{name}" for name in OF_FIT if command != "fit" and is_given(options, f"--{name}")]
        if given:
            raise InputError(f"{given[0]} is an option of `digits fit` (options: {PROGRAM} {command} --help)")
        refuse_files(options)
        args = ["--help" if arg == "--help-all" else arg for arg in self.argv]
        if command in self._subcommand_parsers:
            parser.prog = f"{PROGRAM} {command}"  # whose help an error names
        self.config = parser.parse_args(with_save_dir(args))
        options = self.config[self.config.subcommand]
        refuse_options(self.config.subcommand, options, options.name or run_name(options))
        custom_optimizer.check_options(self.argv, options)
        use_threads(options.threads)
        if self.config.subcommand == "fit":
            start_from(self.argv, options)
        else:
            for name in OF_FIT:
                del options[name]

    def instantiate_classes(self) -> None:
        super().instantiate_classes()
        settings = self.config_init[self.subcommand]
        custom_optimizer.use_optimizer(self.model, settings.optimizer, settings.lr_scheduler)

    def _parse_ckpt_path(self) -> None:
        """Do nothing: Lightning would let a checkpoint's hyperparameters win over the command line without a word."""
