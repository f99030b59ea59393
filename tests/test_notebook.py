"""The notebook runs from top to bottom, on the real data, and its network learns."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parent.parent / "notebooks/nine_steps.ipynb"


def test_nine_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert [cell["source"][0][:5] for cell in cells if cell["cell_type"] == "markdown"][1:] == [
        f"## {i}." for i in range(1, 10)
    ]
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]).replace("max_epochs=3", "max_epochs=1, limit_train_batches=100"), space)
    assert space["trainer"].callback_metrics["test/accuracy"] > 0.95
    right = (space["taken"] == space["data"].test.labels.numpy()).mean()
    assert right == pytest.approx(space["trainer"].callback_metrics["test/accuracy"].item())
    assert {path.name for path in tmp_path.iterdir()} >= {"curves.png", "nine_steps.ckpt"}
