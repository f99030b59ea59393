"""What a run's folder says of the run."""

import json
from pathlib import Path

from digits.records import RunRecord
from tests.helpers import Digits, draw, write_idx


def test_scores_on_other_images_stand_beside_those_on_the_official_ones(digits: Digits, trained: Digits) -> None:
    for kind, values in zip(["images-idx3", "labels-idx1"], draw(40, seed=7), strict=True):
        for prefix in ("train", "t10k"):
            Path("other").mkdir(exist_ok=True)
            write_idx(Path(f"other/{prefix}-{kind}-ubyte.gz"), values)
    trained()
    run = Path("lightning_logs/MLP/version_0")
    digits("test", "--name=MLP")
    digits("test", "--name=MLP", "--data.data_dir=other")
    tests = RunRecord.read(run).tests
    assert {name: one["images"] for name, one in tests.items()} == {"MNISTDataModule": 90, "MNISTDataModule other": 40}
    assert RunRecord.read(run).test == tests["MNISTDataModule"]


def test_the_official_test_images_are_those_of_the_set_that_was_trained_on(tmp_path: Path) -> None:
    data = {"class_path": "digits.data.MNISTDataModule", "init_args": {"dataset": "KMNIST", "data_dir": "d"}}
    (tmp_path / "config.yaml").write_text(json.dumps({"data": data}))
    scores = {"MNISTDataModule KMNIST d": {"error": 0.5}, "MNISTDataModule": {"error": 0.9}}
    assert RunRecord(tmp_path, [], scores).test == {"error": 0.5}


def test_a_damaged_file_of_scores_is_replaced(digits: Digits, trained: Digits) -> None:
    trained()
    path = Path("lightning_logs/MLP/version_0/test.json")
    for damaged in ("{", "[]", "[" * 3000):
        path.write_text(damaged)
        assert "Test accuracy" in digits("test", "--name=MLP")
        assert RunRecord.read(path.parent).test is not None
