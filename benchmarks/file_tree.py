"""The tree of the package's files for the docs; the role of each is the first sentence of its docstring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# Of what has no docstring.
ROLES = {
    "bundled": "MNIST's four files",
    "static": "HTML, CSS and JavaScript of the page to draw on",
    "pretrained.ckpt": "The trained weights of the classifier that comes with the package",
    "ink.pt": "The trained weights of the network that finds ink",
}


def file_tree(package: Path) -> str:
    """The tree as a code block of Markdown."""
    rows = [(f"{package.name}/", ""), *entries(package, "  ")]
    width = max(len(name) for name, _ in rows) + 2
    return "```\n" + "".join(f"{name:<{width}}{role}".rstrip() + "\n" for name, role in rows) + "```\n"


def entries(folder: Path, indent: str) -> Iterator[tuple[str, str]]:
    """Name and role of everything in a folder, other folders last."""
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if path.is_dir() and path.name != "__pycache__":
            init = path / "__init__.py"
            yield f"{indent}{path.name}/", role(init) if init.is_file() else ROLES.get(path.name, "")
            if init.is_file():
                yield from entries(path, indent + "  ")
        elif path.suffix == ".py" and path.name != "__init__.py":
            yield f"{indent}{path.name}", role(path)
        elif path.name in ROLES:
            yield f"{indent}{path.name}", ROLES[path.name]


def role(path: Path) -> str:
    """The first sentence of a module's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.split(r"\.(?:\s|$)", text.replace("\n", " "), maxsplit=1)[0]
