"""The four files of MNIST, or of a set like it, in a user's folder: whatever they are called and wherever they lie."""

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple, NoReturn

from digits.errors import InputError

DEEPEST, MOST = 4, 20_000  # folders below the given one, and files, that are looked through
NAME = re.compile(  # of MNIST's authors, torchvision, 7-Zip, browsers that download a file again
    r"(?P<set>.*?)(?P<part>train|t10k|test)[\W_]*(?P<kind>image|label)s?"
    r"([\W_]*idx\d)?([\W_]*(ubyte|byte|int))?(\s*\(\d\))?(\.gz)?",
    re.IGNORECASE,
)
LIKE_ONE = re.compile(r"idx\d|ubyte", re.IGNORECASE)
WANTED = ("train-images", "train-labels", "test-images", "test-labels")
BEFORE = {  # "train" or "test" in the names of the files, without signs
    "MNIST": ("", "mnist"),
    "QMNIST": ("qmnist",),
    "EMNIST": ("emnistdigits",),
    "EMNISTLetters": ("emnistletters",),
    "KMNIST": ("", "kmnist"),
    "FashionMNIST": ("", "fashion", "fashionmnist"),
}
FOLDERS = {  # a word in the name of a folder that tells which set is in it; the first that fits
    **{"qmnist": "QMNIST", "emnist": "EMNIST", "kmnist": "KMNIST", "kuzushiji": "KMNIST"},
    **{"fashion": "FashionMNIST", "mnist": "MNIST"},
}


class IdxFile(NamedTuple):
    """Where one of the files is.

    Args:
        path: the file, or a .zip archive.
        member: the name of the file within the archive; empty where there is none.
    """

    path: Path
    member: str = ""

    @property
    def name(self) -> PurePath:
        """Folder and name, below those of the archive."""
        return self.path / PurePosixPath(self.member)


def find_files(folder: Path, dataset: str) -> dict[str, IdxFile]:
    """Look for the files of a set, in the folder itself first, then where torchvision keeps them, then below.

    Args:
        folder: to look in; also one of the files, or a .zip archive of them.
        dataset: the set, by torchvision's name.

    Returns:
        Those of `WANTED` that there are, from one place if one has all of them.

    Raises:
        InputError: there are such files, but of another set, or under names that don't tell what they are.
    """
    if folder.is_file() and folder.suffix.lower() != ".zip":
        folder = folder.parent
    places: dict[PurePath, dict[str, IdxFile]] = {}
    others = []
    for file in all_files(folder, dataset):
        if (wanted := what_is(file, dataset)) is not None:
            places.setdefault(file.name.parent, {}).setdefault(wanted, file)
        elif LIKE_ONE.search(file.name.name):
            others.append(file)
    for found in places.values():
        if len(found) == len(WANTED):
            return found
    if not places and others:
        refuse(others[0], dataset)
    return {name: file for found in reversed(places.values()) for name, file in found.items()}


def refuse(file: IdxFile, dataset: str) -> NoReturn:
    """Raise an InputError for a file that looks as if it was one of a set's, but may be any of them."""
    of = next((other for other in BEFORE if what_is(file, other) is not None), None)
    if of is not None:
        raise InputError(f"{file.name} is of {of}: give --data.dataset {of}")
    names = ", ".join(canonical_name(one, dataset) for one in WANTED)
    raise InputError(f"{file.name} has not the name of a file of {dataset}: these are called {names}")


def what_is(file: IdxFile, dataset: str) -> str | None:
    """Which of `WANTED` a file is by its name; None for another."""
    match = NAME.fullmatch(file.name.name)
    if match is None or re.sub(r"[\W_]", "", match["set"]).lower() not in BEFORE[dataset]:
        return None
    return f"{'train' if match['part'].lower() == 'train' else 'test'}-{match['kind'].lower()}s"


def canonical_name(wanted: str, dataset: str) -> str:
    """What one of `WANTED` is called where it comes from."""
    part, kind = wanted.split("-")
    before = {"QMNIST": "qmnist-", "EMNIST": "emnist-digits-", "EMNISTLetters": "emnist-letters-"}.get(dataset, "")
    form = (
        "images-idx3-ubyte" if kind == "images" else "labels-idx2-int" if dataset == "QMNIST" else "labels-idx1-ubyte"
    )
    return f"{before}{'t10k' if part == 'test' and not before else part}-{form}"


def all_files(folder: Path, dataset: str) -> Iterator[IdxFile]:
    """The files of a folder, then those where torchvision keeps this set, then those below, then those in archives."""
    archives = [folder] if folder.is_file() else []
    dataset = dataset.removesuffix("Letters")  # which lie beside EMNIST's digits
    for place in [folder, folder / dataset / "raw", *folders_below(folder, dataset)]:
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.suffix.lower() == ".zip":
                archives.append(path)
            elif path.is_file():
                yield IdxFile(path)
    for archive in archives:
        try:
            with zipfile.ZipFile(archive) as file:
                names = file.namelist()[:MOST]
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile):
            names = []  # whatever it is, it holds no data
        for name in sorted(names, key=lambda name: (name.count("/"), name)):
            if set_of(PurePosixPath(name).parent) in (None, dataset):
                yield IdxFile(archive, name)


def folders_below(folder: Path, dataset: str) -> list[Path]:
    """The folders in a folder, the nearest first, without those whose names tell of another set."""
    found, files = [], 0
    for path, names, here in os.walk(folder):
        below = Path(path).relative_to(folder)
        names[:] = sorted(names) if len(below.parts) < DEEPEST and files < MOST else []
        files += len(here)
        if set_of(below) in (None, dataset):
            found.append(Path(path))
    return sorted(found, key=lambda path: (len(path.parts), path))


def set_of(folder: PurePath) -> str | None:
    """The set that the names of a folder, and of those around it, tell of; the innermost counts."""
    words = [next((word for word in FOLDERS if word in part.lower()), None) for part in reversed(folder.parts)]
    return next((FOLDERS[word] for word in words if word is not None), None)
