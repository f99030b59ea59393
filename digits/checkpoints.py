"""From a checkpoint to the network that it holds."""

from pathlib import Path
from typing import Any

from torch import isfinite

from digits import models
from digits.errors import InputError
from digits.runs import read_checkpoint


def rebuild(path: Path) -> tuple[models.Classifier, dict[str, Any]]:
    """The network that a checkpoint holds, ready to predict, and the checkpoint.

    Nothing in the file is executed or imported: it must name one of this package's networks.

    Raises:
        InputError: the file is missing, damaged, or not a checkpoint of one of this package's networks; or its weights
            don't fit its network or are not finite.
    """
    checkpoint = read_checkpoint(path)
    module, _, name = str(checkpoint["class_path"]).rpartition(".")
    kind = getattr(models, name, None) if module == models.__name__ else None
    if not (isinstance(kind, type) and issubclass(kind, models.Classifier)):
        raise InputError(f"{path} holds a {checkpoint['class_path']}, which is not one of this package's networks")
    try:
        model = kind(**checkpoint["hyper_parameters"])
        model.load_state_dict(checkpoint["state_dict"])
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise InputError(f"{path} does not fit {name}: {str(error).splitlines()[-1].strip()}") from None
    for key, weight in model.state_dict().items():
        if weight.is_floating_point() and not isfinite(weight).all():
            raise InputError(f"{path}: {key} holds values that are not finite: the network is broken, train it anew")
    model.on_load_checkpoint(checkpoint)
    return model.eval(), checkpoint
