"""What training from the weights of another run has changed."""

import sys
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

from digits.callbacks.start_from import StartFrom
from digits.classifier import Classifier
from digits.console import columns, fill, say
from digits.data import Digits, MixedDataModule, MNISTDataModule, datamodule_of
from digits.data.dataset import tell_left_out
from digits.fast.trainer import silent_trainer
from digits.network import DIGITS, Network, evaluating, probabilities_of

FOLDS = 4


class BeforeAfter(Callback):
    """Print before and after training how many own images are right, and the error on MNIST's validation images.

    Of own images, those are scored that are not trained on: what is held out or, where they are too few for that, all
    of them in turn. For this cross-validation a network is trained anew for each fold, without its images.

    Args:
        checkpoint: where training starts; see `StartFrom`.
    """

    def __init__(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint
        self.mnist: Digits | None = None
        self.right: int | None = None  # own images, before training
        self.trains = False  # a run that is resumed may have reached its end
        self.averages: Sequence[WeightAveraging] = []  # as they are before training

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        averages = [one for one in trainer.callbacks if isinstance(one, WeightAveraging)]  # type: ignore[attr-defined]
        self.averages = deepcopy(averages)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = datamodule_of(trainer)
        if not trainer.is_global_zero or not isinstance(pl_module, Classifier):
            return
        if isinstance(data, MixedDataModule):
            say("\n".join(told_of(data)))
        started = [one for one in trainer.callbacks if isinstance(one, StartFrom)]  # type: ignore[attr-defined]
        if trainer.ckpt_path is None and not any(one.has_new_head for one in started):
            self.say_figures("Before", trainer, pl_module)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.trains = True

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.trains and trainer.is_global_zero and isinstance(pl_module, Classifier):
            self.say_figures("After", trainer, pl_module)

    def say_figures(self, when: str, trainer: Trainer, network: Classifier) -> None:
        """Print a line of figures, after training those of the cross-validation, too."""
        data, figures, right = datamodule_of(trainer), [], None
        if isinstance(data, MixedDataModule):
            held_out = data.own_images.subset(data.own_held_out)
            scored, how = (held_out, " (held out)") if len(held_out) else (data.own_images, "")
            if when == "Before" or how:
                right = count_right(network, scored)
            elif (right := self.cross_validate(trainer, network, data)) is not None:
                how = " (cross-validated)"
            if right is not None:
                figures.append(f"{right:,} of {len(scored):,} own images right{how}")
        elif data.val_size:
            figures.append(f"validation error {error(network, data.val):.2%}")
        if network.classes == DIGITS and not (isinstance(data, MNISTDataModule) and data.data_dir is None):
            figures.append(f"MNIST validation error {error(network, self.mnist_images(data)):.2%}")
        if figures:
            say(fitting(when, figures, columns()))
            if right is not None and self.right is not None and right <= self.right:
                say("No more of the own images are right than before.")
            self.right = right
            sys.stdout.flush()

    def mnist_images(self, data: object) -> Digits:
        """MNIST's validation images."""
        if isinstance(data, MixedDataModule):
            return data.val
        if self.mnist is None:
            mnist = MNISTDataModule()
            mnist.setup("validate")
            self.mnist = mnist.val
        return self.mnist

    def cross_validate(self, trainer: Trainer, network: Classifier, data: MixedDataModule) -> int | None:
        """How many own images are right by networks that were trained without them; None where that can't be told."""
        folds = split(data.own_images.labels, FOLDS)
        whole = trainer.global_step == trainer.estimated_stepping_batches
        if len(folds) < 2 or trainer.world_size > 1 or not whole:
            return None
        plan = f"{len(folds)} more trainings, each without a part of the own images"
        say(fill(f"Cross-validation: {plan} (Ctrl-C skips it)"))
        right = 0
        try:
            for number, fold in enumerate(folds, 1):
                scored = data.own_images.subset(fold)
                right += (found := count_right(self.train_anew(trainer, network, data.without(fold)), scored))
                say(f"Fold {number} of {len(folds)}: {found:,} of {len(fold):,} own images right")
                sys.stdout.flush()
        except (KeyboardInterrupt, SystemExit):  # the network itself is saved
            say("Cross-validation was skipped.")
            return None
        return right

    def train_anew(self, trainer: Trainer, network: Classifier, data: MixedDataModule) -> Classifier:
        """A network that is trained in the same way on other data."""
        names = ("precision", "max_epochs", "max_steps", "limit_train_batches", "gradient_clip_val")
        settings = {name: getattr(trainer, name) for name in (*names, "accumulate_grad_batches")}
        averages = deepcopy(self.averages)
        return train(deepcopy(network), data, self.checkpoint, averages, trainer.strategy.root_device, **settings)


def train(
    network: Classifier,
    data: MixedDataModule,
    checkpoint: str,
    averages: Sequence[Callback],
    device: torch.device,
    **settings: Any,
) -> Classifier:
    """Train a network from the weights of a checkpoint, without a word and leaving no file.

    Args:
        network: to be trained; it is returned.
        data: to train on.
        checkpoint: see `StartFrom`.
        averages: callbacks that average its weights.
        device: to train on.
        settings: of the Trainer.
    """
    start = StartFrom(checkpoint)
    start.is_quiet = True
    trainer = silent_trainer(
        accelerator=device.type,
        devices=1 if device.index is None else [device.index],
        limit_val_batches=0,
        callbacks=[start, *averages],
        **settings,
    )
    trainer.fit(network.train(), datamodule=data)
    return network.to(device)


def fitting(when: str, figures: Sequence[str], width: int | None) -> str:
    """The figures in a line of less than `width` characters, or in a line each; with None in one."""
    line = f"{when}: {', '.join(figures)}"
    return line if width is None or len(line) < width else f"{when}: " + f",\n{' ' * len(when)}  ".join(figures)


def told_of(data: MixedDataModule) -> list[str]:
    """Lines that say how many own images there are, which digits are missing, and which images are left out."""
    labels = data.own_images.labels
    counts = {data.classes[i]: n for i, n in enumerate(labels.bincount().tolist()) if n}
    missing = [name for name in data.classes if name not in counts]
    held_out = f", {len(data.own_held_out):,} of them held out" if len(data.own_held_out) else ""
    lines = [
        f"Own images: {len(labels):,}, {interval(min(counts.values()), max(counts.values()))} of a digit{held_out}"
    ]
    if missing:
        lines.append(f"There are none of {', '.join(missing)}.")
    return lines + tell_left_out(data.left_out)


def interval(least: int, most: int) -> str:
    """Such as "5 to 8"."""
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def split(labels: Tensor, folds: int) -> Sequence[Tensor]:
    """Split images, by their labels, (N,) int64, into at most so many folds, each with every class in proportion."""
    order, n = labels.argsort(stable=True), min(folds, len(labels))
    return [order[i::n] for i in range(n)]


def count_right(network: Network, images: Digits) -> int:
    """How many images a network takes for what they are."""
    with evaluating(network):
        predicted = probabilities_of(network, images.images).argmax(dim=1)
    return int((predicted == images.labels).sum())


def error(network: Classifier, images: Digits) -> float:
    """The share of the images, from 0 to 1, that a network takes for something else."""
    return 1 - count_right(network, images) / len(images)
