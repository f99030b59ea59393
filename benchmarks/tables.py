"""Write the tables of the docs: of the recorded figures, benchmarks/results/*.json, and of the package's files.

python -m benchmarks.tables            # writes them into the pages, and the line of figures into the configs
python -m benchmarks.tables --check    # says which files disagree, and ends with an error if any does

A page holds a table between two lines: `<!-- table: NAME -->`, a name that one of the functions in
benchmarks/*_tables.py has, and `<!-- end of table -->`.
"""

import argparse
import re
import sys
from pathlib import Path

from benchmarks import quality_tables, speed_tables  # noqa: F401  these fill TABLES
from benchmarks.config_lines import with_measured
from benchmarks.file_tree import file_tree
from benchmarks.markdown import TABLES
from benchmarks.record import ROOT

MARKED = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
TABLES["files"] = lambda: file_tree(ROOT / "digits")


def fill(page: str) -> str:
    """A page with each of its tables made anew."""

    def replace(match: re.Match[str]) -> str:
        if match[2] not in TABLES:
            return match[0]  # see `unknown_tables`
        return f"{match[1]}{TABLES[match[2]]()}{match[3]}"

    return MARKED.sub(replace, page)


def unknown_tables(page: str) -> list[str]:
    """The names of tables on a page that no function makes."""
    return [name for _, name, _ in MARKED.findall(page) if name not in TABLES]


def pages_with_tables() -> list[Path]:
    """The Markdown pages that may hold tables."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def main() -> None:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, but say which pages disagree")
    args = parser.parse_args()
    different, unknown = [], []
    texts = {path: fill(path.read_text(encoding="utf-8")) for path in pages_with_tables()}
    texts |= {path: with_measured(path) for path in sorted((ROOT / "configs").glob("*.yaml"))}
    for path, after in texts.items():
        before = path.read_text(encoding="utf-8")
        unknown += [f"{path.relative_to(ROOT)}: there is no table {name}" for name in unknown_tables(before)]
        if after != before:
            different.append(f"{path.relative_to(ROOT)}")
            if not args.check:
                path.write_text(after, encoding="utf-8")
    if args.check and different:
        sys.exit(f"{', '.join(different)} are not up to date: run `python -m benchmarks.tables`")
    if unknown:
        sys.exit("\n".join(unknown))
    print(f"Written: {', '.join(different)}" if different else "All tables are up to date.")


if __name__ == "__main__":
    main()
