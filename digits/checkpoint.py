"""From a checkpoint to the network that it holds."""

import sys
from pathlib import Path
from typing import Any

from torch import isfinite, nn

from digits import models
from digits.errors import InputError


def rebuild(path: Path, checkpoint: dict[str, Any]) -> models.Classifier:
    """The network that a checkpoint holds, ready to predict.

    Nothing that it names is executed or imported: it must be one of this package's networks, or one that the program
    has imported itself.

    Args:
        path: where the checkpoint came from, for messages.
        checkpoint: what `digits.runs.read_checkpoint` read there.

    Raises:
        InputError: it is not of one of this package's networks, or its weights don't fit its network or are not finite.
    """
    module, _, name = str(checkpoint["class_path"]).rpartition(".")
    kind = getattr(sys.modules.get(module), name, None)
    foreign = module.startswith("digits.") and not is_own(checkpoint)  # such as an ensemble
    if not (isinstance(kind, type) and issubclass(kind, models.Classifier)) or foreign:
        raise InputError(
            f"{path} holds a {checkpoint['class_path']}, which is not one of this package's networks, nor imported"
        )
    try:
        model = kind(**checkpoint["hyper_parameters"])
        model.load_state_dict(checkpoint["state_dict"])
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise InputError(f"{path} does not fit {name}: {str(error).splitlines()[-1].strip()}") from None
    if broken := not_finite(model):
        raise InputError(f"{path}: {broken} holds values that are not finite: the network is broken, train it anew")
    model.on_load_checkpoint(checkpoint)
    return model.eval()


def is_own(checkpoint: dict[str, Any]) -> bool:
    """Whether a checkpoint names a network of this package."""
    return str(checkpoint["class_path"]).rpartition(".")[0] == models.__name__


def not_finite(model: nn.Module) -> str | None:
    """The name of the first weight or buffer with a value that is not finite."""
    state = model.state_dict().items()
    return next((key for key, value in state if value.is_floating_point() and not isfinite(value).all()), None)
