"""Where a benchmark's figures go: to a local file, or, with `--record`, in place of the recorded ones.

benchmarks/results/NAME.json holds the recorded figures, from which `python -m benchmarks.tables` writes the tables of
the docs. benchmarks/local/NAME.json holds yours; git ignores it.
"""

import argparse
import json
import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Nothing heavy is imported here: the peak memory of a child process includes what its parent had when it started.

ROOT = Path(__file__).parent.parent
RECORDED = ROOT / "benchmarks/results"
LOCAL = ROOT / "benchmarks/local"

Figures = dict[str, Any]


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser for a benchmark's command line, with the option `--record`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--record", action="store_true", help="replace the recorded figures, from which the docs are made"
    )
    return parser


def report(name: str, figures: Figures, record: bool, packages: tuple[str, ...] = ("torch", "lightning")) -> None:
    """Save a benchmark's figures with the machine and the versions, and print them beside the recorded ones.

    Args:
        name: of the file, without its suffix; it may name a folder, too.
        figures: what was measured.
        record: whether they replace the recorded ones.
        packages: whose versions matter.
    """
    recorded = read(name, RECORDED)
    figures = {**figures, "machine": machine(), "versions": versions(*packages)}
    path = save(name, figures, record)
    print(side_by_side(figures, recorded), f"Figures: {path.relative_to(ROOT)}", sep="\n", flush=True)


def save(name: str, figures: Figures, record: bool) -> Path:
    """Write figures to the local or the recorded file, and return its path."""
    path = (RECORDED if record else LOCAL) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(name: str, folder: Path = RECORDED) -> Figures:
    """The figures in a folder under this name; empty where there are none."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def earlier(name: str, record: bool) -> Figures:
    """What the file that is to be written holds now, for a benchmark that measures only a part anew."""
    return read(name, RECORDED if record else LOCAL)


def measured(figures: Figures) -> Figures:
    """The figures without the machine and the versions."""
    return {name: values for name, values in figures.items() if name not in ("machine", "versions")}


def side_by_side(figures: Figures, recorded: Figures) -> str:
    """A table of single figures: measured, recorded. The figures of single rounds and runs stay in the file."""
    known = dict(leaves(recorded))
    rows = [("", "measured", "recorded"), *((key, value, known.get(key, "")) for key, value in leaves(figures))]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(f"{key:<{widths[0]}}  {a:>{widths[1]}}  {b:>{widths[2]}}".rstrip() for key, a, b in rows)


def leaves(figures: Figures, path: str = "") -> Iterator[tuple[str, str]]:
    """Each single figure with the keys that lead to it."""
    for key, value in figures.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key} / ")
        elif not isinstance(value, list):
            yield f"{path}{key}", f"{value}"


def machine() -> str:
    """The number of processors and their name."""
    cpuinfo = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.is_file() else []
    return f"{os.cpu_count()} × {names[0] if names else platform.processor() or platform.machine()}"


def versions(*packages: str) -> dict[str, str]:
    """The versions of those packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
