"""Custom networks: imported where the user names them, never because a checkpoint does."""

import importlib
from collections.abc import Sequence

from digits.errors import InputError
from digits.network import Network


def import_networks(class_paths: Sequence[str] | str | None) -> None:
    """Import the classes of networks, so that checkpoints that hold them can be read.

    Args:
        class_paths: one or several, such as mine.Net.

    Raises:
        InputError: there is no such class, or it is no network.
        ModuleNotFoundError: there is no such module.
    """
    for class_path in [class_paths] if isinstance(class_paths, str) else class_paths or ():
        module, _, name = class_path.rpartition(".")
        if not module:
            raise InputError(f"networks: {class_path} names no module: give one such as mine.Net")
        kind = getattr(importlib.import_module(module), name, None)
        if not (isinstance(kind, type) and issubclass(kind, Network)):
            raise InputError(f"networks: {class_path} is no network: give a subclass of Classifier")
