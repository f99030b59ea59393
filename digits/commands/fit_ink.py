"""`digits fit --config ink`: train the network that finds ink."""

import warnings
from pathlib import Path

from lightning.pytorch.cli import LightningCLI

from digits.console import COMMANDS, PROGRAM, quiet
from digits.data.synthetic import SyntheticPages
from digits.ink import save_weights
from digits.options.config_files import with_configs
from digits.options.parser import Parser
from digits.segmenter import InkSegmenter


def main(args: list[str]) -> None:
    """Train, and leave the weights as ink.pt in the run's folder.

    Args:
        args: of a LightningCLI, such as `fit --config configs/ink.yaml --trainer.max_epochs 1`.
    """
    quiet()
    for message in (
        "Your `IterableDataset` has `__len__`",
        "Precision .* is not supported by the model summary",
        "LightningCLI's args parameter is intended to run from within Python.*",  # they are the program's own
    ):
        warnings.filterwarnings("ignore", message)
    cli = LightningCLI(
        InkSegmenter,
        SyntheticPages,
        args=with_configs(args),
        seed_everything_default=0,
        save_config_kwargs={"overwrite": True},
        auto_configure_optimizers=False,
        parser_class=Parser,
        parser_kwargs={"prog": PROGRAM, "fit": {"description": COMMANDS["fit"]}},
    )
    path = Path(cli.trainer.log_dir or ".", "ink.pt")
    save_weights(cli.model.network, path)
    print(f"Weights: {path}")
