"""Two processes, as a user starts them, on some of the bundled images."""

import csv
import subprocess
import sys
from pathlib import Path

CONFIG = str(Path(__file__).parent.parent / "configs/large_cnn.yaml")
TWO = ("--trainer.accelerator=cpu", "--trainer.devices=2", "--trainer.strategy=ddp")


def digits(folder: Path, command: str, *args: str) -> str:
    line = [sys.executable, "-m", "digits", command, "--config", CONFIG, *args]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_processes_count_every_image_once(tmp_path: Path) -> None:
    out = digits(tmp_path, "fit", *TWO, "--trainer.max_epochs=1", "--trainer.limit_train_batches=20")
    assert out.count("Epoch 1/1") == 1
    assert [path.name for path in (tmp_path / "lightning_logs/large_cnn").iterdir()] == ["version_0"]

    one, two = (digits(tmp_path, "test", "--trainer.accelerator=cpu", *args) for args in ((), TWO))
    assert "on 10,000 images" in two
    assert one.split("Test accuracy")[1] == two.split("Test accuracy")[1]

    digits(tmp_path, "predict", *TWO)
    with (tmp_path / "lightning_logs/large_cnn/version_0/predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["id"]) for row in rows] == list(range(10_000))
    accuracy = sum(row["prediction"] == row["target"] for row in rows) / 10_000
    assert f"accuracy {accuracy:.2%}" in two.split("Test ")[1]
