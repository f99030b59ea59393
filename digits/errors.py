"""The one exception that speaks to the user, and the check of a number that raises it."""

import math
from numbers import Integral, Real
from typing import Any

MOST_SEED = (1 << 32) - 1


class InputError(Exception):
    """Something the user gave can't be used. The message names it and says what to do; no traceback is shown."""


def check_number(
    setting: str, value: Any, least: float = 0, most: float = math.inf, below: float = math.inf, whole: bool = False
) -> None:
    """Raise an InputError for a setting that is no finite number from `least` to `most` and less than `below`."""
    fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if not fits or not least <= value <= most or not value < below:
        end = f" to {most}" if most < math.inf else f" to less than {below}" if below < math.inf else ""
        raise InputError(f"{setting} must be a {'whole ' if whole else ''}number from {least}{end}, got {value!r}")
