"""The main job on the real data; minutes on two cores."""

import re
from pathlib import Path

import pytest

from digits.cli import main


@pytest.mark.slow
def test_large_cnn_reaches_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(Path(__file__).parent.parent / "configs/large_cnn.yaml")
    monkeypatch.chdir(tmp_path)
    main(["fit", "--config", config])
    main(["test", "--config", config])
    match = re.search(r"Test accuracy .*, error (.*)%, loss .*, on 10,000 images", capsys.readouterr().out)
    assert match is not None
    assert float(match[1]) <= 0.70
