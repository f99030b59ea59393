"""Loggers that the user names: their files lie in the run's folder."""

import time
from pathlib import Path

import pytest

from tests.helpers import Digits

FIT = ("fit", "--model=MLP", "--model.hidden=[16]", "--trainer.max_epochs=1", "--pictures=false")
RUN = Path("lightning_logs/MLP/version_0")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_wandb_offline(digits: Digits) -> None:
    wandb = pytest.importorskip("wandb")
    assert "Next:" in digits(*FIT, "--trainer.logger=WandbLogger", "--trainer.logger.offline=true")
    wandb.finish()
    (written,) = (RUN / "wandb").glob("offline-run-*/run-*.wandb")
    for _ in range(300):  # its own process writes the file
        if b"val/accuracy" in written.read_bytes():
            break
        time.sleep(0.1)
    assert b"val/accuracy" in written.read_bytes()
    assert {path.name for path in Path().iterdir()} == {"bundled", "lightning_logs"}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_mlflow_in_files(digits: Digits) -> None:
    pytest.importorskip("mlflow")
    assert "Next:" in digits(*FIT, "--trainer.logger=MLFlowLogger")
    (written,) = (RUN / "mlruns").glob("*/*/metrics/val/accuracy")
    assert len(written.read_text().splitlines()) == 1
    assert {path.name for path in Path().iterdir()} == {"bundled", "lightning_logs"}


def test_a_logger_that_does_not_exist_or_take_an_option_is_named_once(refused: Digits) -> None:
    assert "trainer.logger: there is no class NeptuneLogger" in refused(*FIT, "--trainer.logger=NeptuneLogger")
    assert "Iterable" not in refused(*FIT, "--trainer.logger=NeptuneLogger")
    message = refused(*FIT, "--trainer.logger=CSVLogger", "--trainer.logger.flush_logs_every_n_steps=often")
    assert message.count("often") == 1
    assert "bool" not in message
    assert not list(Path().rglob("version_*"))


def test_several_loggers_in_a_list(digits: Digits, refused: Digits) -> None:
    both = '[{"class_path": "CSVLogger"}, TensorBoardLogger]'
    assert "tensorboard" in digits(*FIT, f"--trainer.logger={both}")
    assert (RUN / "csv/version_0/metrics.csv").is_file()
    assert list(RUN.glob("events.out.tfevents.*"))
    digits("fit", f"--config={RUN}/config.yaml")  # into a folder of its own
    assert len(list(RUN.glob("events.out.tfevents.*"))) == 1
    assert not (RUN / "csv/version_1").exists()
    assert (RUN.with_name("version_1") / "csv/version_0/metrics.csv").is_file()
    assert "trainer.logger: there is no class Nope" in refused(*FIT, '--trainer.logger=[{"class_path": "Nope"}]')


def test_a_checkpoint_of_ones_own_lies_beside_those_of_the_run_whatever_the_logger(digits: Digits) -> None:
    digits(
        *FIT, "--trainer.logger=CSVLogger", "--trainer.callbacks=ModelCheckpoint", "--trainer.callbacks.filename=own"
    )
    assert {path.name for path in RUN.rglob("*.ckpt")} == {"best.ckpt", "last.ckpt", "own.ckpt"}
    assert (RUN / "checkpoints/own.ckpt").is_file()
