"""`speed_up(trainer)`: all that makes a Trainer fast, for any network."""

import re
from typing import Any

from lightning import __version__
from lightning.pytorch import Callback, LightningModule, Trainer

from digits.console import say
from digits.fast.layers import use_fast_layers, use_plain_layers
from digits.fast.load import FollowLoad
from digits.fast.process import prepare_process, use_channels_last
from digits.fast.threads import were_chosen


def speed_up(trainer: Trainer, silent: bool = False) -> None:
    """Make a Trainer fast: its process, the layers of the network, and its loop over the batches.

    Call it once, before `trainer.fit` and the like. `digits.fast.process.fastest_precision` is apart, as the precision
    is an argument of the Trainer.

    Args:
        trainer: the Trainer.
        silent: tell nothing of what slows it down.
    """
    prepare_process()
    trainer.callbacks.insert(0, FastLayers())  # type: ignore[attr-defined]
    if not were_chosen():
        trainer.callbacks.insert(1, FollowLoad(silent))  # type: ignore[attr-defined]
    use_fast_path(trainer)


def silent_trainer(**settings: Any) -> Trainer:
    """A fast Trainer that shows nothing and writes no file, for what is trained on the way to an answer."""
    trainer = Trainer(
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **settings,
    )
    speed_up(trainer, silent=True)
    return trainer


def use_fast_path(trainer: Trainer) -> None:
    """Let a trainer take the fast path through its steps, if Lightning's private names are still what they were."""
    try:
        from digits.fast.loop import EpochLoop, check_names

        check_names(trainer)
    except (ImportError, AttributeError, TypeError) as error:
        reason = re.sub(r" \(\S+\.py\)$", "", str(error))  # without the path of Lightning's file
        say(f"Lightning {__version__} has changed inside ({reason}): training takes its own loop, which is slower.")
        return
    loop = trainer.fit_loop.epoch_loop
    trainer.fit_loop.epoch_loop = EpochLoop(trainer, loop.min_steps, loop.max_steps)


class FastLayers(Callback):
    """Computes a network's dropout and max pooling in a fast way while the Trainer works, and not afterwards.

    Weights are stored with the channels last, and stay so.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        use_channels_last(pl_module)
        use_fast_layers(pl_module)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        use_plain_layers(pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        use_plain_layers(pl_module)
