"""What `fit` prints before the first and after the last step, and the configuration that it keeps."""

import shlex
from pathlib import Path
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor, nn
from torchmetrics import Metric

from digits.callbacks.checkpoints import RunCheckpoint, stopped_within_epoch
from digits.callbacks.interruption import stopped_at
from digits.callbacks.search import found
from digits.callbacks.summary_writers import summary_writers
from digits.console import quiet, say, shown
from digits.errors import InputError
from digits.network import evaluating
from digits.runs import checkpoint_of, run_folder
from digits.system.files import replacing


class FitSummary(Callback):
    """Print the layers of the network before training, and afterwards how well it does and what to do next.

    Args:
        next_command: what tests or uses the network, to be printed.
        to_resume: what goes on where training stopped, to be printed.
        layers: print the layers.
    """

    def __init__(self, next_command: str, to_resume: str, layers: bool = True) -> None:
        self.next_command = next_command
        self.to_resume = to_resume
        self.layers = layers
        self.trained = False
        self.first_step: int | None = None  # of a run that is at its end, training does not even start

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        quiet()  # also in processes that begin anew, as those of ddp_spawn

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.layers:
            say(summarize(pl_module))
        for one in trainer.callbacks:  # type: ignore[attr-defined]
            if (line := found(one, trainer)) is not None:
                say(line)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.first_step = trainer.global_step

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.trained = True  # also without an optimizer, which would count steps

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        trained = self.trained  # but for an epoch that is resumed, which Lightning does not start
        trained = trained or (self.first_step is not None and trainer.global_step > self.first_step)
        if not trained:
            refuse_lack_of_time(trainer)
            say("Nothing to train: the run to resume had reached its end.")
        elif stopped_within_epoch(trainer):
            say(stopped_at(trainer, self.to_resume))
        for early in trainer.early_stopping_callbacks:
            if isinstance(early, EarlyStopping) and early.stopped_epoch:
                say(
                    f"EarlyStopping: after epoch {early.stopped_epoch + 1} of {trainer.max_epochs}, by {early.monitor}."
                )
        for one in trainer.checkpoint_callbacks:
            if isinstance(one, RunCheckpoint) and one.best_model_score is not None:
                look = ", without a second look" if getattr(pl_module, "second_look", 0) else ""
                say(f"Best validation accuracy: {one.best_model_score:.2%}{look}")
        if (folder := run_folder(trainer)) is not None:
            self.say_what_next(trainer, folder, trained)

    def say_what_next(self, trainer: Trainer, run: Path, trained: bool) -> None:
        """Print where the run's files are, and commands that use what was saved."""
        saved = checkpoint_of(run, "best") is not None
        if trained or saved:
            say(f"The run's files: {shown(run)}")
        if saved:
            say(f"Next: {self.next_command}")
            for logger in trainer.loggers:
                if isinstance(logger, TensorBoardLogger):
                    say(f"      tensorboard --logdir {shlex.quote(shown(Path(logger.save_dir)))}")


def refuse_lack_of_time(trainer: Trainer) -> None:
    """Raise an InputError if no step was trained because there was no time."""
    if trainer.ckpt_path is None:
        raise InputError("stopped before the first step: give --trainer.max_time, or the Timer, more time")
    if trainer.should_stop and trainer.global_step < trainer.estimated_stepping_batches:
        raise InputError("the run to resume has used up its time: give --trainer.max_time, or the Timer, more")


class ConfigWriter(SaveConfigCallback):
    """Write the resolved configuration into the run's folder, once it is known to be one that trains."""

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Write nothing yet: a checkpoint that is to be resumed may still be refused."""

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        if (folder := run_folder(trainer)) is not None and trainer.is_global_zero:
            text = as_yaml(self.parser, with_used_settings(self.config, trainer))
            with replacing(folder / "config.yaml") as file:
                file.write(text)
            for writer in summary_writers(trainer):
                writer.add_text("config", f"```yaml\n{text}\n```")


def with_used_settings(config: Namespace, trainer: Trainer) -> Namespace:
    """The configuration with the settings that a LearningRateFinder or a BatchSizeFinder has changed."""
    config = config.clone()
    for group, used in {"model": trainer.lightning_module, "data": trainer.datamodule}.items():  # type: ignore[attr-defined]
        settings = config[group].get("init_args") or {}
        for name in ("lr", "batch_size"):
            if name in settings and name in used.hparams:
                settings[name] = used.hparams[name]
    return config


def as_yaml(parser: LightningArgumentParser, config: Namespace) -> str:
    """A configuration as YAML, without what belongs to this run alone."""
    config = config.clone()
    config.ckpt_path = None  # where this run was resumed from
    return parser.dump(config, skip_unset=False)


def summarize(model: LightningModule) -> str:
    """A table of the layers of `model`: kind, shape of the output for N images, trainable parameters.

    Without shapes, where no example of its images is known.
    """
    rows = []

    def count(parameters_of: nn.Module) -> int:
        return sum(p.numel() for p in parameters_of.parameters() if p.requires_grad)

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        shape = f"({', '.join(['N', *map(str, output.shape[1:])])})" if isinstance(output, Tensor) else ""
        rows.append((type(layer).__name__, shape, f"{count(layer):,}" if count(layer) else ""))

    layers = [one for one in model.modules() if not (list(one.children()) or isinstance(one, Metric))]
    example = example_of(model)
    if example is None:
        for layer in layers:
            note(layer, None, None)
    else:
        hooks = [layer.register_forward_hook(note) for layer in layers]
        run(model, example)
        for hook in hooks:
            hook.remove()
    rows.append(("trainable parameters", "", f"{count(model):,}"))
    return "\n".join([type(model).__name__, *(f"  {kind:<20}  {shape:<16}  {n:>9}" for kind, shape, n in rows)])


def example_of(model: LightningModule) -> Tensor | None:
    """What a network takes: its `example_input_array`, or an image of 28×28 pixels; None if it takes another."""
    given = model.example_input_array
    example = (given if isinstance(given, Tensor) else torch.zeros(1, 1, 28, 28)).to(model.device)
    try:
        run(model, example)
    except (RuntimeError, ValueError):
        return None
    return example


def run(model: LightningModule, images: Tensor) -> None:
    """Let a network predict, and leave it and the random numbers as they were."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]), evaluating(model):
        model(images)
