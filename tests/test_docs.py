"""The docs agree with the code: tables, links, files, commands and the snippets of Python."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digits.__main__ import main
from tests.helpers import PAGES, ROOT, seven, snippets

TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
BLOCKS = [block for text in TEXTS.values() for block in re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
LINES = [line for block in BLOCKS for line in block.splitlines()]
CODE = {code for text in TEXTS.values() for code in re.findall(r"`([^`\n]+)`", text)}
VERBS = "fit|validate|test|predict|export"
LEFT_BEHIND = re.compile(
    r"--(?:(?:predictions\.)?(?:path|picture)|output|keep|data\.data_dir|name csv .*--data\.train) (\S+)"
)


def commands() -> list[str]:
    """The commands of the docs, one of those that differ only in the values of their options."""
    found = {}
    for line in sorted({line for line in (*LINES, *CODE) if re.match(rf"digits ({VERBS}) -", line)}):
        options = tuple(re.findall(r"--\S+|\S*mine\.\S+", line))
        found[line.split()[1], options] = line
    return list(found.values())


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_tables_and_file_tree_are_those_of_the_recorded_figures_and_the_package() -> None:
    check = [sys.executable, "-m", "benchmarks.tables", "--check"]
    result = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor:
            assert anchor in map(slug, re.findall(r"^#+ (.+)$", TEXTS[path], re.MULTILINE)), target


def test_files_that_are_named_exist_and_every_picture_is_shown() -> None:
    folders = r"(?:digits|tests|configs|benchmarks|notebooks|docs)/"
    named = {code for code in CODE if re.fullmatch(rf"{folders}[\w/.-]+", code)} - {"benchmarks/local/"}
    assert len(named) > 20
    missing = [name for name in named if "NAME" not in name and not list(ROOT.glob(name))]
    assert not missing
    shown = {name for text in TEXTS.values() for name in re.findall(r"images/([\w.]+)", text)}
    assert shown == {path.name for path in (ROOT / "docs/images").iterdir()}


def test_benchmarks_that_are_named_exist() -> None:
    named = {name for text in TEXTS.values() for name in re.findall(r"python -m benchmarks\.(\w+)", text)}
    assert len(named) > 5
    assert not [name for name in named if not (ROOT / f"benchmarks/{name}.py").is_file()]


def test_the_readme_is_short_and_every_page_is_linked_in_it() -> None:
    readme = TEXTS[ROOT / "README.md"]
    assert len(readme.splitlines()) <= 200
    assert all(f"]({page.relative_to(ROOT).as_posix()})" in readme for page in PAGES if page.name != "README.md")


@pytest.mark.parametrize("command", commands())
def test_commands_are_accepted(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if "mine." in command and "mine.Net" not in command:
        pytest.skip("tests/test_lightning_page.py runs it")
    (tmp_path / "mine.py").write_text("\n\n".join(snippets(ROOT / "docs/design.md")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    _, *args = shlex.split(command, comments=True)
    if args[-1] == "--help":
        args.pop()
    with pytest.raises(SystemExit) as info:
        main([*args, "--print_config"] if "--print_config" not in args else args)
    assert info.value.code in (None, 0)
    assert "seed_everything:" in capsys.readouterr().out


def test_what_the_commands_leave_in_a_clone_is_ignored_by_git() -> None:
    left = {match[1].strip("'") for line in LINES for match in LEFT_BEHIND.finditer(line)} - {"DIR"}
    left |= {"lightning_logs/", "benchmarks/local/x.json", ".venv/", "mine.py", "photo.jpg", "page.png", "my_digits/"}
    left |= {"check.png", "out.csv.part", "model.html"}
    left = {name if "." in name else f"{name.rstrip('/')}/" for name in left}  # git wants to know which are folders
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    check = ["git", "check-ignore", "--no-index", *sorted(left)]
    ignored = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=True)
    assert left - set(ignored.stdout.split()) == set()


def test_the_snippet_of_the_readme_predicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "scan.png"):
        seven().save(name)
    space = {"images": np.zeros((2, 28, 28), np.uint8)}
    first, last = snippets(ROOT / "README.md")[0].rsplit("\n", 2)[:2]
    exec(first, space)
    assert space["classes"] == ["7", "7"]
    exec(last, space)
    assert np.shape(space["probabilities"]) == (2, 10)
