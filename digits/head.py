"""The head of a network: its last linear layer, which has one output for each class."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from digits.errors import InputError
from digits.network import evaluating


def match_head(network: nn.Module, classes: int) -> int | None:
    """Give a network a new head if it tells another number of classes apart.

    Args:
        network: takes (1, 1, 28, 28) float32.
        classes: that it is to tell apart.

    Returns:
        How many it told apart before, if it has a new head now; otherwise None.

    Raises:
        InputError: it has no layers, or what it returns is not what a linear layer returns.
    """
    head = last_linear(network)
    if not [*network.parameters()]:
        raise InputError(f"{type(network).__name__} has no layers: name them in its __init__, as self.layers")
    if head is not None and head[1].out_features == classes:
        return None
    outputs = count_outputs(network)
    if outputs in (classes, None):
        return None  # of another layer, or of custom steps
    if head is None or head[1].out_features != outputs:
        raise InputError(
            f"{type(network).__name__} tells {outputs} classes apart, but there are {classes}, and its last layer is "
            "not a linear one, which could be replaced: change the network"
        )
    replace_head(network, classes)
    return outputs


def resize_head(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network a head of as many outputs as `weights`, a state dict, has for it; other weights decide nothing."""
    name, layer = last_linear(network) or ("", None)
    saved = weights.get(f"{name}.weight")
    if layer is not None and saved is not None and saved.ndim == 2 and len(saved) != layer.out_features:
        replace_head(network, len(saved))


def replace_head(network: nn.Module, classes: int) -> None:
    """Put a new linear layer, of random weights, in place of the last one."""
    found = last_linear(network)
    if found is None:
        raise InputError(f"{type(network).__name__} has no linear layer that could be replaced: change the network")
    name, old = found
    parent, _, child = name.rpartition(".")
    new = nn.Linear(
        old.in_features, classes, bias=old.bias is not None, device=old.weight.device, dtype=old.weight.dtype
    )
    setattr(network.get_submodule(parent), child, new)


def last_linear(network: nn.Module) -> tuple[str, nn.Linear] | None:
    """The last linear layer of a network, with its name."""
    layers = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    return layers[-1] if layers else None


def count_outputs(network: nn.Module) -> int | None:
    """How many classes a network tells apart; None where it returns something else than one tensor, (N, K, …)."""
    parameter = next(network.parameters(), torch.empty(0))
    with torch.no_grad(), evaluating(network):
        outputs = network(torch.zeros(1, 1, 28, 28, device=parameter.device, dtype=parameter.dtype))
    return outputs.shape[1] if isinstance(outputs, Tensor) and outputs.ndim > 1 else None
