"""Checkpoint: a file that `fit` wrote, read and checked before anything in it is used.

A checkpoint may come from a stranger. Nothing in it is executed or imported, no path in it is followed, and nothing is
allocated for what it merely claims: its sizes are bounded by the file's own, and its weights are compared with the
network that it names before that network is built.
"""

import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from digits.errors import InputError
from digits.head import last_linear, resize_head
from digits.layers import LAYERS
from digits.network import Network, TrainedOn
from digits.schema import REQUIRED, VERSION, check_fields, read_content

BUILTIN = "digits.models"  # not imported for predicting, as it trains
TRAINING = ("lr", "weight_decay", "label_smoothing")  # settings of `Classifier`, which the layers don't depend on
# What testing and predicting need; the rest is for training further.
WEIGHTS = (*REQUIRED, "temperature", "second_look", "doubt", "data", "fingerprints", VERSION)
MISFITS = (ArithmeticError, AttributeError, RuntimeError, TypeError, ValueError)  # what a network's class may raise


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
        content = read_content(path)
        check_fields(path, content, path.stat().st_size)
        return cls(path, content)

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
        return self.class_path.rpartition(".")[0] == BUILTIN

    @property
    def custom_class(self) -> type[Network] | None:
        """The class of a custom network, if the program has imported it."""
        kind = getattr(sys.modules.get(self.class_path.rpartition(".")[0]), self.class_name, None)
        is_custom = not self.class_path.startswith("digits.") and isinstance(kind, type) and issubclass(kind, Network)
        return kind if is_custom else None

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
        """What is known of the training images; None after training on custom loaders."""
        return TrainedOn.of(self.content)

    @cached_property
    def parameters(self) -> int:
        """Trainable parameters: all of the network's tensors but the statistics of batch normalisation."""
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        return sum(t.numel() for name, t in self.content["state_dict"].items() if not name.endswith(statistics))

    def network(self) -> Network:
        """The network with its weights, ready to predict.

        Raises:
            InputError: its class is neither one of this package's networks nor imported by the program, or the weights
                don't fit it.
        """
        try:
            if self.is_builtin:  # first without memory: what the file claims may be more than there is
                with torch.device("meta"):
                    self.check_shapes(self.builtin())
                network = self.builtin()
            elif self.custom_class is not None:
                network = self.custom_class(**self.hyper_parameters)
            else:
                self.refuse_class()
        except MISFITS as error:
            self.refuse_misfit(error)
        self.load_into(network)
        network.restore(self.content)
        return network.eval()

    def load_into(self, network: nn.Module) -> None:
        """Give a network these weights, and its last layer as many outputs as they have.

        Raises:
            InputError: they don't fit it.
        """
        try:
            resize_head(network, self.content["state_dict"])
            network.load_state_dict(self.content["state_dict"])
        except MISFITS as error:
            self.refuse_misfit(error)

    def builtin(self) -> Network:
        """One of this package's networks, untrained."""
        if self.class_name not in LAYERS:
            self.refuse_class()
        settings = {key: value for key, value in self.hyper_parameters.items() if key not in TRAINING}
        try:
            return Network(LAYERS[self.class_name](**settings))
        except InputError as error:
            self.refuse(f"holds settings that no network has: {error}")

    def check_shapes(self, network: Network) -> None:
        """Refuse weights of other shapes than the network's, or another number of classes than it tells apart."""
        resize_head(network, self.content["state_dict"])
        shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
        for name, tensor in self.content["state_dict"].items():
            if shapes.get(name, tensor.shape) != tensor.shape:
                found, wanted = (tuple(one) for one in (tensor.shape, shapes[name]))
                self.refuse(f"does not fit {self.class_name}: size mismatch for {name}: {found} in place of {wanted}")
        head = last_linear(network)  # of all networks of this package
        if self.trained_on is not None and head is not None and len(self.trained_on.classes) != head[1].out_features:
            self.refuse(
                f"names {len(self.trained_on.classes)} classes, but its network tells {head[1].out_features} apart"
            )

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
        if not made_with and command == "validate" and "fingerprints" not in self.content:
            return [f"{self.path} does not say what it was trained on: these images may have been among it"]
        other = {key: value for key, value in made_with.items() if key not in asked and value}  # another data module's
        if other and command in ("fit", "validate"):
            key, value = next(iter(other.items()))
            return [f"these are other images than those that {self.path} was made with, --data.{key} {value}"]
        decisive = {"fit": tuple(made_with), "validate": ("val_size", "split_seed")}.get(command, ())
        return [
            f"--data.{key} is {asked[key]}, but {self.path} was made with {made_with[key]}"
            for key in decisive
            if key in made_with and asked.get(key, made_with[key]) != made_with[key]
        ]

    def stripped(self) -> dict[str, Any]:
        """The content without what only training further needs."""
        return {key: self.content[key] for key in WEIGHTS if key in self.content}

    def refuse_class(self) -> NoReturn:
        """Raise an InputError that names the network's class."""
        self.refuse(
            f"holds a {self.class_path}, not one of this package's networks: import its module, or name it, "
            f"by --networks {self.class_path} or by `networks` of Ensemble and Distillation"
        )

    def refuse_misfit(self, error: BaseException) -> NoReturn:
        """Raise an InputError for settings or weights that the network's class does not take."""
        self.refuse(f"does not fit {self.class_name}: {str(error).splitlines()[-1].strip()}")

    def refuse(self, reason: str) -> NoReturn:
        """Raise an InputError that names the file."""
        raise InputError(f"{self.path} {reason}"[:400])


def not_finite(network: nn.Module) -> list[str]:
    """The names of the weights and buffers with a value that is not finite."""
    tensors = ((name, value) for name, value in network.state_dict().items() if isinstance(value, Tensor))
    return [name for name, value in tensors if not value.isfinite().all()]
