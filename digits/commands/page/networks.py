"""The networks that can answer: the clients know their names, the server knows their files."""

from http import HTTPStatus
from pathlib import Path

from digits.checkpoint import Checkpoint
from digits.commands.page.guard import Refused
from digits.errors import InputError
from digits.predictor import Predictor, load
from digits.runs import SHIPPED, best_of_all, find_checkpoint, run_of

KEPT = 3  # networks in memory


class Networks:
    """Networks by name, each loaded when it is first asked for.

    Args:
        source: the one that answers until another is chosen; see `digits.predictor.load`.
        root: the folder of the runs.

    Raises:
        InputError: the first can't be loaded.
    """

    def __init__(self, source: str | Path, root: Path) -> None:
        self.root = root
        self.first = source if source == SHIPPED else find_checkpoint(source)
        self.loaded: dict[tuple[Path | str, float], Predictor] = {}
        self.load(self.first)

    def files(self) -> dict[str, Path | str]:
        """The networks by name, the first one first: it, the one of the package, and the best of the newest runs."""
        found = {name_of(self.first): self.first, SHIPPED: SHIPPED}
        for path in best_of_all(self.root):
            found.setdefault(name_of(path), path)
        return found

    def names(self) -> list[str]:
        """The names of all networks that can be loaded, the first one first."""
        return [name for name, file in self.files().items() if file in (self.first, SHIPPED) or is_loadable(file)]

    def get(self, name: str | None) -> Predictor:
        """The network of that name; the first one without a name.

        Raises:
            Refused: there is none, or it can't be loaded.
        """
        files = self.files()
        if name is not None and name not in files:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such network any more")
        try:
            return self.load(self.first if name is None else files[name])
        except InputError as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from None

    def load(self, file: Path | str) -> Predictor:
        """Load a network, unless it is in memory and its file has not changed."""
        key = file, Path(file).stat().st_mtime if Path(file).is_file() else 0.0
        if key not in self.loaded:
            self.loaded[key] = load(file)
            while len(self.loaded) > KEPT:
                del self.loaded[next(iter(self.loaded))]
        return self.loaded[key]


def name_of(file: Path | str) -> str:
    """The name of a network, such as large_cnn/version_0 for the best checkpoint of that run."""
    if file == SHIPPED:
        return SHIPPED
    run = run_of(Path(file))
    return f"{run.parent.name}/{run.name}" if run else Path(file).name


def is_loadable(file: Path | str) -> bool:
    """Whether a run's checkpoint is whole, and of one of this package's networks or of one that the user named."""
    try:
        checkpoint = Checkpoint.read(Path(file))
    except InputError:
        return False
    return checkpoint.is_builtin or checkpoint.custom_class is not None
