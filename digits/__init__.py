"""Handwritten digit recognition with PyTorch Lightning."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digits.predictor import Predictions, Predictor, load

__all__ = ["Predictions", "Predictor", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import torch and the rest only when they are asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'digits' has no attribute '{name}'")
    from digits import predictor

    return getattr(predictor, name)


def __dir__() -> list[str]:
    """What the Tab key completes, whether it has been asked for or not."""
    return sorted({*globals(), *__all__})
