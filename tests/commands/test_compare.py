from pathlib import Path

import pytest

from digits.__main__ import main
from tests.helpers import Digits

FIT = ("--model=LargeCNN", "--trainer.max_epochs=2", "--name=run")
RUN = Path("lightning_logs/run/version_0")


def test_runs_are_compared(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    digits("fit", *FIT)
    digits("fit", "--model=MLP", "--trainer.max_epochs=1", "--name=other")
    tested = digits("test", "--name=run")
    Path("lightning_logs/run/version_1").mkdir()  # interrupted before its first epoch was over
    main(["compare", *map(str, sorted(Path("lightning_logs").glob("*/version_*")))])
    header, *rows, chart = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "model", "parameters", "epochs", "minutes", "validation", "error", "test", "error"]
    values = {row.split()[0]: row.split()[1:] for row in rows}
    assert values.keys() == {"run/version_0", "other/version_0"}
    assert values["run/version_0"][:3] == ["LargeCNN", "59,933", "2"]
    assert values["other/version_0"][:3] == ["MLP", "623,290", "1"]
    assert f"error {values['run/version_0'][-1]}" in tested
    assert chart == "Chart: lightning_logs/compare.png"
    assert Path("lightning_logs/compare.png").exists()


def test_comparing_nothing_is_an_error(digits: Digits) -> None:
    for path, reason in [("absent", "absent is no folder"), (".", "has a checkpoint: train first")]:
        with pytest.raises(SystemExit, match=reason):
            main(["compare", path])
