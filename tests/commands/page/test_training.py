import sys
import time
from collections.abc import Callable

import pytest

from digits.commands.page import training as training_module
from digits.commands.page.guard import Refused
from digits.commands.page.training import Training, progress_of

RUNS = "print('Before: 3 of 4 own images right', flush=True); "
ENDS = "print('After: 4 of 4 own images right\\nThe run\\'s files: lightning_logs/fine_tuned/version_2')"


def training(code: str) -> Training:
    return Training([sys.executable, "-u", "-c", code])


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_run_that_ends_has_a_name_and_its_figures() -> None:
    one = training(RUNS + ENDS)
    assert one.report() == {"running": False, "progress": 0.0, "line": "", "summary": [], "run": None}
    one.start()
    until(lambda: not one.report()["running"] and one.report()["progress"] == 1)
    report = one.report()
    assert report["run"] == "fine_tuned/version_2"
    assert report["summary"] == ["Before: 3 of 4 own images right", "After: 4 of 4 own images right"]


def test_one_runs_at_a_time_and_is_stopped() -> None:
    one = training(RUNS + "import time; time.sleep(600)")
    one.start()
    until(lambda: one.report()["line"].startswith("Before"))
    with pytest.raises(Refused, match="running already"):
        one.start()
    one.stop()
    assert not one.report()["running"]
    assert one.report()["run"] is None
    one.stop()


def test_a_run_that_fails_says_why() -> None:
    one = training("raise SystemExit('error: there is nothing to train on')")
    one.start()
    until(lambda: one.report()["line"] == "error: there is nothing to train on")
    assert one.report()["run"] is None


def test_progress_goes_up() -> None:
    lines = ["Own images: 3, 1 of a digit", "Before: 2 of 3", "Epoch 1/1: 2 s", "Fold 1 of 2: 1 of 2", "After: 3 of 3"]
    shares = [progress_of(line) for line in lines]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert progress_of("Next: digits demo") == 0


def test_a_run_that_does_not_end_when_asked_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_module, "PATIENCE", 0.1)
    one = training("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + RUNS + "time.sleep(600)")
    one.start()
    until(lambda: one.report()["line"].startswith("Before"))
    one.stop()
    assert not one.report()["running"]
