"""The notebook runs from top to bottom, on the real data, its network learns, and it holds the outputs of a run."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import ROOT

NOTEBOOK = ROOT / "notebooks/nine_steps.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.mark.slow
def test_nine_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [cell["source"][0][:5] for cell in CELLS if cell["cell_type"] == "markdown"][1:] == [
        f"## {i}." for i in range(1, 10)
    ]
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    for cell in CELLS:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]).replace("max_epochs=3", "max_epochs=1, limit_train_batches=100"), space)
    assert space["trainer"].callback_metrics["test/accuracy"] > 0.95
    right = (space["taken"] == space["data"].test.labels.numpy()).mean()
    assert right == pytest.approx(space["trainer"].callback_metrics["test/accuracy"].item())
    assert {path.name for path in tmp_path.iterdir()} >= {"curves.png", "nine_steps.ckpt"}


def test_every_step_is_stored_with_its_output() -> None:
    outputs = [one for cell in CELLS for one in cell.get("outputs", [])]
    assert {one.get("name", "result") for one in outputs} == {"stdout", "result"}  # no red noise
    assert sum("image/png" in one.get("data", {}) for one in outputs) == 3
    assert sum(cell["cell_type"] == "code" and bool(cell["outputs"]) for cell in CELLS) == 8
    printed = "".join("".join(one.get("text", "")) for one in outputs)
    error = re.search(r"error on the 10,000 test images: (\S+)%", printed)
    assert error is not None
    assert float(error[1]) < 1.5


@pytest.mark.slow
def test_a_run_says_what_is_stored() -> None:
    pytest.importorskip("nbclient")
    check = [sys.executable, "-m", "benchmarks.notebook", "--check"]
    result = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
