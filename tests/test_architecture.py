"""Imports go in one direction, and files and classes stay short."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.helpers import ROOT

PACKAGE = ROOT / "digits"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
# From the bottom up: a module imports only what stands in its own line or above it. A new module needs a place here.
LAYERS = [
    {"argv", "errors", "similar_names"},
    {
        "augment",
        "console",
        "custom_batches",
        "fingerprints",
        "layers",
        "metrics",
        "notes",
        "system",
        "table",
        "transforms",
    },
    {
        "checkpoint",
        "custom_networks",
        "doubt",
        "head",
        "hyperparameters",
        "ink",
        "network",
        "records",
        "runs",
        "schema",
    },
    {"pages"},
    {"classifier", "data", "ensemble", "models", "predictions", "segmenter"},
    {"plots"},
    {
        "callbacks",
        "commands",
        "fast",
        "misfit",
        "options",
        "predictor",
        "reading",
        "refusals",
    },
    {"cli"},
    {"__main__"},
]
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}


def name_of(path: Path) -> str:
    """`digits.data.csv` of digits/data/csv.py, `digits.data` of digits/data/__init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """The modules that a file imports, at its top and within functions; those for type checkers do not count."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in NAMES else str(node.module))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


NAMES = {name_of(path) for path in MODULES}
IMPORTS = {name_of(path): imports(path) for path in MODULES}


def room(module: str) -> str:
    """The part of the package that a module is in: `data` of `digits.data.csv`."""
    return module.split(".")[1]


def inner() -> Iterator[tuple[str, str]]:
    """Each pair of modules of the package of which the first imports the second."""
    for module, imported in IMPORTS.items():
        yield from ((module, other) for other in imported & NAMES if "digits" not in (module, other))


def test_every_module_has_its_layer() -> None:
    assert not {room(module) for module in NAMES - {"digits"}} - HEIGHT.keys()


def test_imports_go_down() -> None:
    upwards = [f"{a} → {b}" for a, b in inner() if HEIGHT.get(room(b), 0) > HEIGHT.get(room(a), 0)]
    assert not upwards


def test_imports_make_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, other in inner():
        if not module.startswith(f"{other}."):  # a package re-exports its modules
            graph.setdefault(module, set()).add(other)
    list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize("module", ["digits.models", "digits.classifier", "digits.network", "digits.layers"])
def test_networks_know_neither_data_nor_what_makes_them_fast(module: str) -> None:
    assert not [other for other in IMPORTS[module] if other.startswith(("digits.data", "digits.fast"))]


def test_plots_know_nothing_of_lightning() -> None:
    plots = [module for module in NAMES if module.startswith("digits.plots")]
    assert len(plots) > 1
    assert not [f"{module} → {other}" for module in plots for other in IMPORTS[module] if "lightning" in other]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_are_short() -> None:
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".js", ".css", ".html")]
    files += [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    too_long = {str(path.relative_to(ROOT)): lines(path) for path in files if lines(path) > 300}
    assert not too_long
    assert lines(PACKAGE / "cli.py") <= 250


def test_classes_are_short() -> None:
    too_long = {
        f"{name_of(path)}.{node.name}": node.end_lineno - node.lineno
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.end_lineno is not None and node.end_lineno - node.lineno > 250
    }
    assert not too_long


def test_tests_import_no_benchmark() -> None:
    importing = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if any(name.startswith("benchmarks") for name in imports(path))
    ]
    assert not importing
