from pathlib import Path

import pytest
import yaml

from tests.conftest import Digits

CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))
README = (Path(__file__).parent.parent / "README.md").read_text()

PARAMETERS = {
    "mlp": "623,290",
    "dense": "118,282",
    "small_cnn": "592,074",
    "large_cnn": "59,933",
    "kaggle_cnn": "887,530",
    "batchnorm_cnn": "226,186",
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


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_config_trains_and_tests(config: Path, digits: Digits) -> None:
    out = digits("fit", "--config", str(config), "--trainer.max_epochs=1", "--trainer.limit_train_batches=2")
    assert PARAMETERS[config.stem] in out
    assert f"lightning_logs/{config.stem}/version_0" in digits("test", "--config", str(config))
    assert config.name in README


@pytest.mark.parametrize("name", ORIGINALS)
def test_batch_size_and_epochs_are_the_originals(name: str) -> None:
    config = yaml.safe_load((CONFIGS[0].parent / f"{name}.yaml").read_text())
    batch_size, epochs = ORIGINALS[name]
    assert config["data"]["init_args"]["batch_size"] == batch_size
    assert config["trainer"]["max_epochs"] == epochs
