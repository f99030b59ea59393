"""`benchmarks.gpu` runs, tried in miniature on a CPU."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT


@pytest.mark.slow
def test_all_of_it_in_miniature(tmp_path: Path) -> None:
    for name in ("benchmarks", "configs", "digits"):  # in a copy: figures of one's own are left alone
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("local", "__pycache__"))
    command = [sys.executable, "-m", "benchmarks.gpu", "--smoke"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    figures = json.loads((tmp_path / "benchmarks/local/gpu_smoke.json").read_text())
    assert figures["left out"] == ""
    assert 0 < figures["99%, round 1"]["test accuracy"] <= 1
    assert figures["99%, round 1"]["seconds, once more"] > 0
    for network in ("mlp", "large_cnn"):
        assert figures[f"fit, {network}"]["images a second"] > 0
        assert figures[f"beside a loop, {network}"]["ratio"] > 0
    assert not (tmp_path / "benchmarks/results/gpu_smoke.json").exists()
