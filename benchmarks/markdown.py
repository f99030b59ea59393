"""What the tables of the docs share: their form, and the list of them."""

from collections.abc import Callable, Iterable

from benchmarks.record import Figures

TABLES: dict[str, Callable[[], str]] = {}


def fills(name: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register a function as the one that makes the table `name`."""

    def register(make: Callable[[], str]) -> Callable[[], str]:
        TABLES[name] = make
        return make

    return register


def table(header: Iterable[str], rows: Iterable[Iterable[str]], figures: Figures | None = None) -> str:
    """A Markdown table, with a line below it on what it was measured on, where that is known."""
    header = list(header)
    lines = [header, ["---"] * len(header), *map(list, rows)]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    if figures and "machine" in figures:
        installed = ", ".join(f"{package} {version}" for package, version in figures["versions"].items())
        text += f"\nMeasured on {figures['machine']} with {installed}.\n"
    return text
