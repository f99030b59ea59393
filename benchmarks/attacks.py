"""Attack the commands with hostile files, options and requests; report how many attacks were held.

python -m benchmarks.attacks

An attack is held if the command ends in one line of less than 500 characters, or well where it may; within the limits
of processor time and memory below; without running what the file names; and without touching what it does not own.
"""

import contextlib
import io
import os
import resource
import shutil
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image

from benchmarks import attack_cases, attack_places
from benchmarks.attack_cases import PRECIOUS, Case
from benchmarks.record import make_parser, report
from digits import load
from digits.__main__ import main as run_digits
from digits.commands.page.helper import peak_memory
from tests.helpers import written

SECONDS = 20  # of processor time
MEGABYTES = 1500  # more than before
LONGEST = 500  # characters of an error


def cases() -> Iterator[Case]:
    """All attacks."""
    yield from attack_cases.checkpoints()
    yield from attack_cases.pictures()
    yield from attack_cases.tables()
    yield from attack_cases.configs()
    yield from attack_places.places()
    yield from attack_places.requests()


def attack(case: Case, answer: str) -> str:
    """Run one attack in a process and a folder of its own.

    Returns:
        What was not held; empty if everything was.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            os.close(reading)
            told = "ended without a word"
            try:
                told = victim(case, folder, answer)
            except BaseException:
                told = traceback.format_exc()
            finally:
                os.write(writing, told[-4000:].encode())
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            told = pipe.read()
        _, status, used = os.wait4(child, 0)
    if status:
        return f"ended with status {status}: {used.ru_utime + used.ru_stime:.0f} s of processor time"
    return told


def victim(case: Case, folder: Path, answer: str) -> str:
    """What a command does with an attack; runs in a process of its own. See `attack`."""
    os.chdir(folder)
    PRECIOUS.mkdir()
    (PRECIOUS / "file").write_text("kept")
    case.prepare()
    before, start = peak_memory(), resource.getrusage(resource.RUSAGE_SELF)
    used = int(start.ru_utime + start.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS + 1))
    output, code = io.StringIO(), ""
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            if case.command:
                run_digits(case.command)
        except SystemExit as end:
            code = str(end.code or "")
    said = output.getvalue()
    problems = []
    if case.check is not None and (problem := case.check()):
        problems.append(problem)
    if case.command and (case.refused or code) and not code.startswith("error: "):
        problems.append(f"was not refused: {said[-200:]}")
    if len(code) >= LONGEST or "\n" in code or "Traceback" in said:
        problems.append(f"an error of {len(code)} characters")
    if not case.refused and not code and "bad.ckpt" in " ".join(case.command) and answer not in said:
        problems.append(f"another answer: {said[-100:]}")
    if (more := (peak_memory() - before) >> 20) > MEGABYTES:
        problems.append(f"took {more} MB")
    if Path("sprung").exists():
        problems.append("ran what the file names")
    if [path.read_text() for path in PRECIOUS.iterdir()] != ["kept"]:
        problems.append("touched what it does not own")
    if case.refused and list(Path().rglob("version_*")):
        problems.append("left a run")
    return "; ".join(problems)


def main() -> None:
    """Attack and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--only", default="", help="attacks whose kind or name contains this")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    sys.argv = sys.argv[:1]  # Lightning's parser warns of arguments that are not its own
    torch.set_num_threads(1)
    written("7").save(picture := tempfile.mkdtemp() + "/x.png")
    answer = f" {load('pretrained').read(Path(picture))}"
    shutil.rmtree(Path(picture).parent)
    Image.init()
    tried: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for case in cases():
        if args.only not in f"{case.kind}, {case.name}":
            continue
        tried[case.kind] += 1
        if problem := attack(case, answer):
            print(f"{case.kind}, {case.name}: {problem}", flush=True)
        else:
            held[case.kind] += 1
    figures = {kind: {"tried": n, "held": held[kind]} for kind, n in tried.items()}
    report("attacks", {**figures, "all": {"tried": tried.total(), "held": held.total()}}, args.record)
    if held != tried:
        sys.exit(f"{(tried - held).total()} of {tried.total()} attacks were not held")


if __name__ == "__main__":
    main()
