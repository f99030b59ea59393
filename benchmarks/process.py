"""Run Python in a process of its own, and measure it."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT
from digits.records import read_metrics

PATH = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])  # this code, and where packages are


@dataclass
class Run:
    """What one process took, and what it printed."""

    seconds: float
    cpu_seconds: float
    memory: float  # peak, in megabytes
    epochs: list[float] = field(default_factory=list)  # seconds of each but the first
    output: str = ""

    def last(self) -> dict[str, Any]:
        """The JSON object in the last line of the output."""
        return json.loads(self.output.splitlines()[-1])


def run(*args: str | Path, cwd: str | Path | None = None, **environment: str) -> Run:
    """Run Python with `args`.

    Args:
        args: of Python.
        cwd: the folder in which it works.
        environment: variables to set.

    Raises:
        RuntimeError: it failed.
    """
    start, lines, ends = time.monotonic(), [], []
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=cwd,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1", "PYTHONPATH": PATH},
        )
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if re.match(r"end of epoch|Epoch \d+/\d+: ", line):
                ends.append(time.monotonic())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        if status:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(map(str, args))} ended with {process.returncode}:\n{errors.read()[-2000:]}")
    epochs = [b - a for a, b in pairwise(ends)]
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, epochs, "".join(lines))


def epochs_of(folder: str | Path) -> list[dict[str, float]]:
    """The figures of each epoch of the runs in a folder, one after the other: the rows of their metrics.csv."""
    return [row for path in sorted(Path(folder).rglob("metrics.csv")) for row in read_metrics(path)]
