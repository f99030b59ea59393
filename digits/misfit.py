"""What is wrong with a user's network, told from the traceback: layers that don't fit, or nothing to train."""

import re
import traceback
from typing import Any

from torch import Tensor, nn

from digits.classifier import Classifier

ABOUT_SHAPES = re.compile(r"shape|size|dimension|\dD |channels|elements|features|value per channel", re.IGNORECASE)
WITHOUT_GRADIENT = "does not require grad"  # torch's words
TORCH = "torch.nn."  # where its layers are defined


def misfit(error: BaseException) -> str | None:
    """Which layer of a user's network was given what it does not take, or what the network gives in place of logits.

    Or that none of its parameters is trained. None for any other error, and for layers of this package, whose misfit
    is a bug.
    """
    text = str(error)
    if type(error) not in (RuntimeError, ValueError) or not (ABOUT_SHAPES.search(text) or WITHOUT_GRADIENT in text):
        return None
    frames = [frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__)]
    network = next((one for one in map(owner, frames) if isinstance(one, Classifier)), None)
    if network is None:
        return None
    kind = type(network).__name__
    if WITHOUT_GRADIENT in text:
        frozen = not any(one.requires_grad for one in network.parameters())
        return f"{kind} has nothing to train: requires_grad is False for all its parameters" if frozen else None
    if type(network).__module__.startswith("digits."):
        return None
    layer = next((one for one in map(owner, reversed(frames)) if isinstance(one, nn.Module)), network)
    if type(layer).__module__.startswith(TORCH):
        name = next((name for name, one in network.named_modules() if one is layer), "")
        given = next((one for one in map(argument, reversed(frames)) if one is not None), None)
        shape = "what it is given" if given is None else f"a tensor of shape {tuple(given.shape)}"
        return f"{kind}: the layer {name}, {layer}, does not take {shape}: {text}"
    step: dict[str, Any] = next((one for one in reversed(frames) if is_step(one)), {})
    logits, labels = step.get("logits"), step.get("labels")
    if layer is network and isinstance(logits, Tensor) and isinstance(labels, Tensor):
        wanted = (len(labels), len(network.classes))
        if tuple(logits.shape) != wanted:
            return f"{kind} gives a tensor of shape {tuple(logits.shape)} in place of {wanted}, images by classes"
    return None


def owner(variables: dict[str, Any]) -> Any:
    """The `self` of a function, by its local variables."""
    return variables.get("self")


def argument(variables: dict[str, Any]) -> Tensor | None:
    """The tensor that a layer of torch's is given, by the local variables of its call."""
    args = variables.get("args") if isinstance(owner(variables), nn.Module) else None
    return args[0] if isinstance(args, tuple) and args and isinstance(args[0], Tensor) else None


def is_step(variables: dict[str, Any]) -> bool:
    """Whether these are the local variables of a step of `Classifier`, or of what it calls."""
    return isinstance(owner(variables), Classifier) and "logits" in variables
