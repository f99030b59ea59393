"""The second line of each config: what was measured of it. `digits list` shows it."""

import re
from pathlib import Path

from benchmarks.quality_tables import error_of, minutes
from benchmarks.record import read

LINE = re.compile(r"^# Measured: .*\n", re.MULTILINE)


def with_measured(config: Path) -> str:
    """The text of a config with that line made anew."""
    first, _, rest = LINE.sub("", config.read_text(encoding="utf-8")).partition("\n")
    return f"{first}\n{measured(config.stem)}{rest}"


def measured(name: str) -> str:
    """That line, with its end; empty where nothing was recorded."""
    figures = read(f"accuracy/{name}")
    if figures:
        parts = [error_of(figures), f"fit in {minutes(figures['seconds of fit, median'])} on 2 cores"]
    elif name == "pretrained":
        figures = read("pretrained")
        parts = [f"{figures['test error in percent']:.2f}%"]
    else:
        return ""
    line = f"# Measured: {figures['parameters']:,} parameters, test error {', '.join(parts)}.\n"
    return line.replace("±", "+-")  # jsonargparse reads configs in the encoding of the machine
