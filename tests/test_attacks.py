"""All attacks of `benchmarks.attacks` are held."""

import subprocess
import sys

import pytest

from tests.helpers import ROOT


@pytest.mark.slow
def test_every_attack_is_held() -> None:
    result = subprocess.run([sys.executable, "-m", "benchmarks.attacks"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "all / tried" in result.stdout
