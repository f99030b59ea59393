"""Where a run leaves its files, and how the next command finds them.

lightning_logs/<name>/version_N/
    config.yaml, hparams.yaml, TensorBoard's events, predictions.csv
    checkpoints/best.ckpt, checkpoints/last.ckpt
"""

import glob
import os
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from digits.console import fill, say, shown
from digits.errors import InputError
from digits.records import RunRecord
from digits.similar_names import did_you_mean

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

LOG_ROOT = "lightning_logs"
CHECKPOINTS = "checkpoints"
TRACES = (  # of no use without scores or weights; the last two are of a search before training
    *("events.out.tfevents.*", "hparams.yaml", "config.yaml", "*.png"),
    *(".lr_find_*.ckpt", ".scale_batch_size_*.ckpt"),
)
SHIPPED = "pretrained"  # what the weights that come with the package are called
PRETRAINED = Path(__file__).parent / "pretrained.ckpt"  # of configs/robust.yaml; see MODEL_CARD.md


def run_folder(trainer: "Trainer") -> Path | None:
    """The folder of the run that `trainer` works on; None for --trainer.fast_dev_run, which leaves nothing."""
    return None if trainer.fast_dev_run else Path(trainer.default_root_dir)  # type: ignore[attr-defined]


def version(run: Path) -> int:
    """N of `version_N`, or -1 for another folder."""
    match = re.fullmatch(r"version_(\d+)", run.name)
    return int(match[1]) if match else -1


def new_run(folder: Path) -> Path:
    """Make the next `version_N` in `folder`; two processes that ask at once get two folders.

    Raises:
        InputError: the folder can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = max(map(version, folder.iterdir()), default=-1)
        while True:
            number += 1
            run = folder / f"version_{number}"
            try:
                run.mkdir()
            except FileExistsError:
                continue
            return run
    except UnicodeEncodeError as error:
        raise InputError(f"the name {folder.name} is not possible in {error.encoding}, the encoding here") from None
    except OSError as error:
        raise InputError(
            f"can't make a folder for the run ({error.strerror}): choose another --trainer.default_root_dir or --name "
            f"than that of {folder}"
        ) from None


def remove_empty(run: Path, of_no_use: Sequence[str]) -> None:
    """Remove a run's folder if it holds nothing, and those around it that then hold nothing, up to LOG_ROOT.

    Args:
        run: the folder.
        of_no_use: patterns of files that count as nothing.
    """
    if all(any(path.match(pattern) for pattern in of_no_use) for path in run.iterdir()):
        shutil.rmtree(run)
        for folder in run.parents:
            if any(folder.iterdir()):
                break
            folder.rmdir()
            if folder.name == LOG_ROOT:
                break


def runs_in(folder: Path) -> list[Path]:
    """The runs in `folder`, the newest last."""
    return sorted((run for run in folder.iterdir() if version(run) >= 0), key=version) if folder.is_dir() else []


def runs_under(folder: Path) -> list[Path]:
    """The runs of a name's folder, or of a folder of such folders; the folder itself where it holds none."""
    if not folder.is_dir():
        return [folder]
    below = [run for child in sorted(folder.iterdir()) if child.is_dir() for run in runs_in(child)]
    return runs_in(folder) or (below if checkpoint_of(folder, "best") is None else []) or [folder]


def newest_run(folder: Path) -> Path | None:
    """The newest run in `folder`, whether it has a checkpoint or not."""
    return next(reversed(runs_in(folder)), None)


def newest_checkpoint(folder: Path, kind: str) -> Path | None:
    """`best` or `last` checkpoint of the newest run in `folder` that has one."""
    found = (checkpoint_of(run, kind) for run in reversed(runs_in(folder)))
    return next((path for path in found if path is not None), None)


def best_of_all(root: Path) -> list[Path]:
    """The best checkpoints of the newest runs of all names, the one that was written last first."""
    found = [path for folder in root.glob("*") if (path := newest_checkpoint(folder, "best")) is not None]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def checkpoint_of(run: Path, kind: str) -> Path | None:
    """`best` or `last` checkpoint of a run; a run without validation has only a last one."""
    paths = (run / CHECKPOINTS / f"{name}.ckpt" for name in (kind, "last"))
    return next((path for path in paths if path.is_file()), None)


def checkpoint_in(folder: Path, kind: str) -> Path | None:
    """`best` or `last` checkpoint of a run, of its folder of checkpoints, or of the newest run in a folder of runs."""
    run = folder.parent if folder.name == CHECKPOINTS else folder
    return checkpoint_of(run, kind) or newest_checkpoint(folder, kind)


def choose_checkpoint(command: str, wanted: str | None, folder: Path, again: str, train: str) -> Path | None:
    """The checkpoint that a command takes; None where `fit` starts anew.

    Without --ckpt_path all commands but `fit` take the best checkpoint of the newest run; `fit` does so, with the last
    one, if torchrun or SLURM repeats a command that was stopped.

    Args:
        command: fit, validate, test, predict or export.
        wanted: --ckpt_path.
        folder: where the runs of this name lie.
        again: the command as it is given, for the message.
        train: the command that makes one.

    Raises:
        InputError: there is none.
    """
    kind = "last" if command == "fit" else "best"
    if wanted is None and command == "fit":
        restarts = (os.environ.get(f"{by}_RESTART_COUNT", "0") for by in ("TORCHELASTIC", "SLURM"))
        run = newest_run(folder) if any(number != "0" for number in restarts) else None
        return run and checkpoint_of(run, kind)
    if wanted == SHIPPED and command == "fit":
        raise InputError("the pretrained weights can't be resumed: train anew with --config robust")
    if wanted not in (None, "best", "last"):
        chosen = find_checkpoint(wanted, kind)
        if command != "fit":
            tell_of_better(wanted)
        return chosen
    found = newest_checkpoint(folder, wanted or kind)
    if found is None:
        refuse_untrained(folder, kind, train)
    if wanted is None and (better := better_run(found.parent.parent)) is not None:
        say(f"{better.name} validated better, {better.error:.2%} wrong. To take it:")
        say(f"    {again} --ckpt_path {shlex.quote(shown(better.folder))}")
    return found


def refuse_untrained(folder: Path, kind: str, train: str) -> NoReturn:
    """Raise an InputError for a folder of runs without a checkpoint of this kind; see `choose_checkpoint`."""
    if renamed := [run for run in sorted(folder.glob("*")) if checkpoint_of(run, kind) is not None]:
        named = shlex.quote(shown(renamed[0]))
        raise InputError(f"{shown(folder)} has no version_N with a checkpoint: give --ckpt_path {named}")
    raise InputError(
        f"no checkpoint in {shown(folder)}: train first, as by `{train}`, or give --ckpt_path FILE, or pretrained"
    )


def tell_of_better(source: str, tell: Callable[[str], None] = lambda line: say(fill(line))) -> None:
    """Name the run that validated better than the newest one, if one did.

    Args:
        source: --ckpt_path; only the folder of a name's runs has a newest one.
        tell: prints a line.
    """
    newest = newest_checkpoint(Path(source), "best")
    better = None if newest is None else better_run(newest.parent.parent)
    if better is not None:
        tell(f"{better.name} validated better, {better.error:.2%} wrong: --ckpt_path {shown(better.folder)} takes it")


def better_run(run: Path) -> RunRecord | None:
    """The run of the same name that validated best, if that is not `run`.

    Runs on a part of the images don't count.
    """
    record = RunRecord.read(run)
    if record.error is None:
        return None
    others = (RunRecord.read(other) for other in runs_in(run.parent) if checkpoint_of(other, "best") is not None)
    better = [(one.error, one) for one in others if one.error is not None and one.error < record.error]
    return next((one for _, one in sorted(better, key=lambda pair: pair[0]) if not one.partial), None)


def find_checkpoint(source: str | Path, kind: str = "best") -> Path:
    """The checkpoint that `source` names.

    Args:
        source: a checkpoint; the folder of a run, or of its checkpoints; a folder of runs, whose newest one counts; or
            "pretrained", for the weights that come with the package.
        kind: which one of a run, `best` or `last`.

    Raises:
        InputError: there is no such file, or a folder has none.
    """
    if not isinstance(source, str | Path):
        raise InputError(f"a checkpoint is given by its name, or {SHIPPED}, got {source!r}")
    if source == "":
        raise InputError("the name of a checkpoint is empty")
    path = PRETRAINED if source == SHIPPED else Path(source)
    if path == PRETRAINED and not path.exists():
        raise InputError(f"the package has no {PRETRAINED.name}, or lies in an archive: install it again, as a folder")
    if not path.exists():
        refuse_missing(str(source))
    found = checkpoint_in(path, kind) if path.is_dir() else path
    if found is None:
        if files := sorted(path.glob("*.ckpt")):
            raise InputError(f"{source} is no folder of a run: give a file in it, such as {shown(files[-1])}")
        if newest := best_of_all(path):
            raise InputError(f"{source} holds folders of runs: give one, such as {shown(newest[0].parents[2])}")
        raise InputError(f"{source} holds no run with a checkpoint: train first with `digits fit`")
    return found


def refuse_missing(source: str) -> NoReturn:
    """Raise an InputError for what is no file, folder or "pretrained"."""
    named = [str(folder) for folder in sorted(Path(LOG_ROOT).glob("*")) if folder.is_dir()]
    if source in ("best", "last"):
        newest = [shown(path.parents[2]) for path in best_of_all(Path(LOG_ROOT))] or [f"{LOG_ROOT}/large_cnn"]
        raise InputError(f"{source} is one of a run, and here no run is named: give its folder, such as {newest[0]}")
    known = {SHIPPED: SHIPPED} | {Path(name).name: name for name in named}
    hint = did_you_mean(source, [*known, *named])
    if source in known:
        hint = f": did you mean {known[source]}?"
    raise InputError(f"{source}: there is no such file, so no checkpoint{hint}")


def find_checkpoints(sources: Sequence[str]) -> list[Path]:
    """The best checkpoints that `sources` name.

    Args:
        sources: each as for `find_checkpoint`, or a pattern of such files or folders; folders without a checkpoint that
            a pattern fits, such as those of runs that only tested, are passed over.

    Raises:
        InputError: a folder that is named has none.
    """
    found: list[Path] = []
    for source in sources:
        best = (checkpoint_in(path, "best") if path.is_dir() else path for path in matches(source))
        found += [path for path in best if path is not None] or [find_checkpoint(source)]
    return found


def matches(pattern: str) -> list[Path]:
    """The files and folders that a pattern fits, by name; none where something is called so itself."""
    return [] if Path(pattern).exists() else [Path(path) for path in sorted(glob.glob(pattern))]  # noqa: PTH207


def run_of(checkpoint: Path) -> Path | None:
    """The run's folder that `checkpoint` was saved in, if it still lies there; it may have been renamed."""
    run = checkpoint.resolve().parent.parent
    is_run = version(run) >= 0 or (run / "config.yaml").is_file()
    return run if checkpoint.resolve().parent.name == CHECKPOINTS and is_run else None
