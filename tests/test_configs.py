import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from digits import load
from digits.cli import main
from digits.runs import PRETRAINED
from tests.helpers import ROOT, Digits

ALL = sorted((ROOT / "configs").glob("*.yaml"))
CONFIGS = [path for path in ALL if path.stem not in ("pretrained", "ink")]  # what is not a classifier of its own

PARAMETERS = {
    "mlp": "623,290",
    "dense": "118,282",
    "small_cnn": "592,074",
    "large_cnn": "59,933",
    "kaggle_cnn": "887,530",
    "batchnorm_cnn": "226,186",
    "best": "576,106",
    "robust": "576,106",
    "speedrun": "29,610",
}

# Of the original projects: images per step, epochs.
ORIGINALS = {
    "mlp": (200, 10),
    "dense": (32, 10),
    "small_cnn": (200, 10),
    "large_cnn": (200, 10),
    "kaggle_cnn": (86, 30),
    "batchnorm_cnn": (128, 20),
}

QUICK = ("mlp", "large_cnn", "robust")  # the others are trained by the slow tests


@pytest.mark.parametrize(
    "config",
    [pytest.param(one, marks=[] if one.stem in QUICK else pytest.mark.slow, id=one.stem) for one in CONFIGS],
)
def test_config_trains_and_tests(config: Path, digits: Digits) -> None:
    out = digits("fit", "--config", str(config), "--trainer.max_epochs=1", "--trainer.limit_train_batches=2")
    assert PARAMETERS[config.stem] in out
    assert f"lightning_logs/{config.stem}/version_0" in digits("test", "--config", str(config))
    assert re.search(rf"`(configs/)?{config.stem}(\.yaml)?`", (ROOT / "docs/results.md").read_text())


def test_packaged_configs_are_read_in_any_encoding() -> None:
    assert all(path.read_bytes().isascii() for path in ALL)


@pytest.mark.parametrize("name", ORIGINALS)
def test_batch_size_and_epochs_are_the_originals(name: str) -> None:
    config = yaml.safe_load((ROOT / f"configs/{name}.yaml").read_text())
    batch_size, epochs = ORIGINALS[name]
    assert config["data"]["init_args"]["batch_size"] == batch_size
    assert config["trainer"]["max_epochs"] == epochs


PRETRAINED_CONFIG = ["--config", "configs/pretrained.yaml", "--trainer.accelerator", "cpu"]


def test_the_pretrained_weights_are_used_without_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["test", *PRETRAINED_CONFIG, "--pictures=false", "--trainer.limit_test_batches=1"])
    assert re.search(r"error 0\.\d\d%, .* on 500 images", capsys.readouterr().out)
    page = np.full((90, 90), 255, np.uint8)
    page[15:75, 42:48] = 0
    Image.fromarray(page).save("one.png")
    pictures = ["--data", "ImageDataModule", "--data.path", "one.png"]
    main(["predict", *PRETRAINED_CONFIG, *pictures, "--predictions.path", "p.csv"])
    assert Path("p.csv").read_text().splitlines()[1].startswith("one.png,1,")
    assert load("pretrained").predict("one.png").classes == ["1"]
    with pytest.raises(SystemExit, match="can't be resumed: train anew"):
        main(["fit", *PRETRAINED_CONFIG])
    assert PRETRAINED.stat().st_size < 5_000_000


@pytest.mark.slow
def test_the_pretrained_weights_have_the_recorded_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(["test", *PRETRAINED_CONFIG, "--pictures=false"])
    scores = json.loads(Path("lightning_logs/pretrained/version_0/test.json").read_text())["MNISTDataModule"]
    assert scores["images"] == 10_000
    recorded = json.loads((ROOT / "benchmarks/results/pretrained.json").read_text())
    assert round(100 * scores["error"], 2) == recorded["test error in percent"]
