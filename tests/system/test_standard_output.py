"""What is printed to an output that is full, or has few letters."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from digits.errors import InputError
from digits.system.standard_output import repair_output
from tests.helpers import ROOT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_told(unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "digits", "--help"], stdout=full, stderr=-1, text=True, cwd=ROOT, env=environment
        )
    assert result.stderr == "error: standard output can't be written: the disk is full\n"
    assert result.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_a_full_disk_is_told_once_by_whatever_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        for name in ("stdout", "__stdout__"):
            monkeypatch.setattr(sys, name, full)
        repair_output()
        repair_output()
        with pytest.raises(InputError, match=r"^standard output can't be written: the disk is full$"):
            print("Epoch 1/3", flush=True)
        print("Epoch 2/3", flush=True)  # an error is on its way already


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])  # the second is Python's in the locale C
def test_what_the_output_has_no_letter_for_becomes_a_question_mark(
    errors: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, "ascii", errors))
    repair_output()
    print("0.34 ± 0.02%", flush=True)
    assert output.getvalue().split() == [b"0.34", b"?", b"0.02%"]
