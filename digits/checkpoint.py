"""Checkpoint: a file that `fit` wrote, read and checked before anything in it is used.

A checkpoint may come from a stranger. Nothing in it is executed or imported, no path in it is followed, and nothing is
allocated for what it merely claims: its sizes are bounded by the file's own, and its weights are compared with the
network that it names before that network is built.
"""

import math
import re
import sys
import zipfile
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from digits import models
from digits.classifier import Classifier, TrainedOn
from digits.errors import InputError

REQUIRED = ("class_path", "state_dict", "hyper_parameters")
# What testing and predicting need; the rest is for training further.
WEIGHTS = (*REQUIRED, "temperature", "data", "pytorch-lightning_version")
MOST_SETTINGS, MOST_CLASSES, LONGEST_NAME = 10_000, 1000, 40


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint; see `read`.

    Args:
        path: where it was read.
        content: what it holds, under Lightning's keys and those that `Classifier` adds.
    """

    path: Path
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """Read a checkpoint and check all of it.

        Raises:
            InputError: the file is missing or damaged, or a field has a wrong type or value; names the field.
        """
        if not path.is_file():
            raise InputError(f"{path}: there is no such file, so no checkpoint")
        checkpoint = cls(path, read_content(path))
        check_fields(checkpoint)
        return checkpoint

    @property
    def class_path(self) -> str:
        """The import path of the network's class."""
        return self.content["class_path"]

    @property
    def class_name(self) -> str:
        """The name of the network's class."""
        return self.class_path.rpartition(".")[2]

    @property
    def is_builtin(self) -> bool:
        """Whether the network is one of this package's."""
        return self.class_path.rpartition(".")[0] == models.__name__

    @property
    def hyper_parameters(self) -> dict[str, Any]:
        """The arguments of the network's class."""
        return self.content["hyper_parameters"]

    @property
    def global_step(self) -> int:
        """Steps of the optimizer so far."""
        return self.content.get("global_step", 0)

    @property
    def epochs(self) -> int:
        """Epochs so far, the present one counted."""
        return self.content.get("epoch", 0) + 1

    @property
    def trained_on(self) -> TrainedOn | None:
        """What is known of the training images; None after training on loaders of one's own."""
        data = self.content.get("data")
        return data and TrainedOn(data["mean"], data["std"], tuple(data["classes"]))

    @cached_property
    def parameters(self) -> int:
        """Trainable parameters: all of the network's tensors but the statistics of batch normalisation."""
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        return sum(t.numel() for name, t in self.content["state_dict"].items() if not name.endswith(statistics))

    def network(self) -> Classifier:
        """The network with its weights, ready to predict.

        Raises:
            InputError: its class is neither one of this package's networks nor imported by the program, or the weights
                don't fit it.
        """
        kind = getattr(sys.modules.get(self.class_path.rpartition(".")[0]), self.class_name, None)
        foreign = self.class_path.startswith("digits.") and not self.is_builtin  # such as an ensemble
        if not (isinstance(kind, type) and issubclass(kind, Classifier)) or foreign or kind is Classifier:
            self.refuse(f"holds a {self.class_path}, which is not one of this package's networks, nor imported")
        try:
            if self.is_builtin:  # without memory: what the file claims may be more than there is
                with torch.device("meta"):
                    self.check_shapes(kind(**self.hyper_parameters))
            network = kind(**self.hyper_parameters)
            network.load_state_dict(self.content["state_dict"])
        except (TypeError, ValueError, RuntimeError, AttributeError) as error:
            self.refuse(f"does not fit {self.class_name}: {str(error).splitlines()[-1].strip()}")
        network.on_load_checkpoint(self.content)
        return network.eval()

    def check_shapes(self, network: Classifier) -> None:
        """Refuse weights of other shapes than the network's, or another number of classes than it tells apart."""
        shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
        for name, tensor in self.content["state_dict"].items():
            if shapes.get(name, tensor.shape) != tensor.shape:
                found, wanted = (tuple(one) for one in (tensor.shape, shapes[name]))
                self.refuse(f"does not fit {self.class_name}: size mismatch for {name}: {found} in place of {wanted}")
        classes = network.eval()(torch.empty(1, 1, 28, 28, device="meta")).shape[1]
        if self.trained_on is not None and len(self.trained_on.classes) != classes:
            self.refuse(f"names {len(self.trained_on.classes)} classes, but its network tells {classes} apart")

    def compare_settings(self, class_path: str, asked: Mapping[str, Any], given: Container[str]) -> dict[str, Any]:
        """Compare the network with one that is asked for.

        Args:
            class_path: of the network that is asked for.
            asked: its settings.
            given: which of these stand on the command line itself, and not in a config.

        Returns:
            The settings of the checkpoint that differ from a config's.

        Raises:
            InputError: the class is another one, or a setting on the command line differs.
        """
        if class_path != self.class_path:
            other = class_path.rpartition(".")[2]
            self.refuse(f"holds a {self.class_name}, but the model asked for is {other}: give another --ckpt_path")
        own = self.hyper_parameters
        changed = {key: own[key] for key, value in asked.items() if own.get(key, value) != value}
        for key in changed:
            if key in given:
                raise InputError(
                    f"--model.{key} {asked[key]} contradicts {self.path}, which was made with {own[key]}: "
                    f"leave it out, or train with it: `digits fit --model.{key} {asked[key]}`"
                )
        return changed

    def compare_data(self, command: str, asked: Mapping[str, Any]) -> list[str]:
        """Warnings for data other than those the network was trained on, where that matters to `command`."""
        made_with = self.content.get("datamodule_hyper_parameters", {})
        if not made_with and command == "validate":
            return [f"{self.path} does not say what it was trained on: these images may have been among it"]
        decisive = {"fit": tuple(made_with), "validate": ("val_size", "split_seed")}.get(command, ())
        return [
            f"--data.{key} is {asked[key]}, but {self.path} was made with {made_with[key]}"
            for key in decisive
            if key in made_with and asked.get(key, made_with[key]) != made_with[key]
        ]

    def stripped(self) -> dict[str, Any]:
        """The content without what only training further needs."""
        return {key: self.content[key] for key in WEIGHTS if key in self.content}

    def refuse(self, reason: str) -> NoReturn:
        """Raise an InputError that names the file."""
        raise InputError(f"{self.path} {reason}"[:400])


def read_content(path: Path) -> dict[str, Any]:
    """What a checkpoint's file holds: plain values and tensors; damage is found by its checksums.

    Raises:
        InputError: the file is damaged, or no checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            packed = any(one.compress_type != zipfile.ZIP_STORED for one in members)  # may be any size unpacked
            whole = not packed and len({one.filename for one in members}) == len(members) and archive.testzip() is None
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True) if whole else None
    except Exception:  # zipfile and torch raise a dozen kinds, depending on where the damage is
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path} is damaged or not a checkpoint")
    return content


def check_fields(checkpoint: Checkpoint) -> None:
    """Check every field of a checkpoint that is read later.

    Raises:
        InputError: one is missing, or has another type or value than `fit` writes; names it.
    """
    content = checkpoint.content
    if not all(key in content for key in REQUIRED):
        checkpoint.refuse("is not a checkpoint of a digits model")

    def check(field: str, holds: bool, wanted: str) -> None:
        if not holds:
            checkpoint.refuse(f"is broken or was altered: {field} must be {wanted}")

    class_path = content["class_path"]
    check("class_path", is_text(class_path, 200) and all(map(str.isidentifier, class_path.split("."))), "a class")
    weights = content["state_dict"]
    check("state_dict", isinstance(weights, dict), "weights by name")
    for name, value in weights.items():
        check("state_dict", is_text(name, 200) and is_dense(value), "tensors that are all in the file")
    claimed = sum(value.numel() * value.element_size() for value in weights.values())
    check("state_dict", claimed <= 2 * checkpoint.path.stat().st_size, "no larger than the file")
    for name, value in weights.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            checkpoint.refuse(f"{name} holds values that are not finite: the network is broken, train it anew")
    for field in ("hyper_parameters", "datamodule_hyper_parameters"):
        value = content.get(field, {})
        plain = isinstance(value, dict) and all(is_text(key, 100) for key in value)
        check(field, plain and count_values(value) <= MOST_SETTINGS, f"at most {MOST_SETTINGS} plain values by name")
    check("temperature", is_number(content.get("temperature", 1.0), 0.01, 100), "a number from 0.01 to 100")
    if content.get("data") is not None:
        data = content["data"]
        known = isinstance(data, dict) and {*TrainedOn._fields} <= data.keys()
        check("data", known, "mean, std and classes")
        check("data.mean", is_number(data["mean"], 0, 1), "a number from 0 to 1")
        check("data.std", is_number(data["std"], 1e-4, 1), "a number from 0.0001 to 1")
        names = data["classes"]
        listed = isinstance(names, list | tuple) and 1 <= len(names) <= MOST_CLASSES
        check("data.classes", listed and all(map(is_class_name, names)), "names of classes, short plain text")
    for field in ("global_step", "epoch"):
        value = content.get(field, 0)
        check(field, type(value) is int and 0 <= value < 1 << 53, "a whole number")
    for field in ("callbacks", "loops", "train_scores", "events"):
        check(field, isinstance(content.get(field, {}), dict), "values by name")
    sums = content.get("train_scores", {}).values()
    check("train_scores", all(isinstance(one, Tensor) and one.numel() == 1 for one in sums), "sums by name")
    for field in ("optimizer_states", "lr_schedulers"):
        value = content.get(field, [])
        check(field, isinstance(value, list) and all(isinstance(one, dict) for one in value), "a list of states")


def is_text(value: Any, longest: int) -> bool:
    """Whether this is a string of 1 to `longest` printable characters."""
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


def is_class_name(value: Any) -> bool:
    """Whether this may be the name of a class: short, and no markup."""
    return is_text(value, LONGEST_NAME) and not re.search("[<>]", value)


def is_number(value: Any, low: float, high: float) -> bool:
    """Whether this is a finite number from `low` to `high`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_dense(value: Any) -> bool:
    """Whether this is a tensor whose values are all in memory: none that repeats or claims some."""
    if not isinstance(value, Tensor) or value.layout is not torch.strided or value.device.type != "cpu":
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes() and not value.is_complex()


def count_values(value: Any, depth: int = 6) -> float:
    """How many plain values there are in nested lists and dictionaries; infinite if some are not plain."""
    if isinstance(value, dict | list | tuple):
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        many = depth == 0 or len(inner) > MOST_SETTINGS
        return math.inf if many else 1 + sum(count_values(one, depth - 1) for one in inner)
    if isinstance(value, str):
        return 1 if len(value) <= 1000 else math.inf
    return 1 if value is None or isinstance(value, int | float | torch.dtype) else math.inf


def not_finite(network: nn.Module) -> str | None:
    """The name of the first weight or buffer with a value that is not finite, or None."""
    state = network.state_dict().items()
    return next((key for key, value in state if value.is_floating_point() and not value.isfinite().all()), None)
