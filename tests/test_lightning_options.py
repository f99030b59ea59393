"""Every flag of Lightning's Trainer and every callback that it ships: it works, or is refused in one line."""

import inspect
import re
from pathlib import Path

import pytest
from lightning.pytorch import Trainer, callbacks

from tests.helpers import ROOT, Digits

FIT = [
    "--model=MLP",
    "--model.hidden=[16]",
    "--pictures=false",
    "--trainer.max_epochs=1",
    "--trainer.limit_train_batches=2",
]
PAGE = (ROOT / "docs/lightning.md").read_text(encoding="utf-8")

# Values to try of each flag; a "!" says that it is refused.
FLAGS = {
    "accelerator": "cpu !nope",
    "strategy": "auto !nope",
    "devices": "1 !0 !100000",
    "num_nodes": "1 !0",
    "precision": "32-true bf16-mixed bf16-true 64-true !17",
    "logger": "true false CSVLogger TensorBoardLogger !Nope",
    "callbacks": "TQDMProgressBar !Nope",
    "fast_dev_run": "true",
    "max_epochs": "2 !0",
    "min_epochs": "1",
    "max_steps": "2 !0",
    "min_steps": "1",
    "max_time": "00:00:01:00 !00:00:00:00 !1",
    "limit_train_batches": "1 0.5 !0 !1.5",
    "limit_val_batches": "1 0 !1.5",
    "limit_test_batches": "1",
    "limit_predict_batches": "1",
    "overfit_batches": "1 !0.01",
    "val_check_interval": "1 0.5 !20",
    "check_val_every_n_epoch": "1 2 !0",
    "num_sanity_val_steps": "0 1 -1",
    "log_every_n_steps": "0 1 !-1",
    "enable_checkpointing": "true false",
    "enable_progress_bar": "true false",
    "enable_model_summary": "true false",
    "accumulate_grad_batches": "2 !0 !-1",
    "gradient_clip_val": "1 !-1",
    "gradient_clip_algorithm": "norm value !nope",
    "deterministic": "true warn",
    "benchmark": "true",
    "inference_mode": "true false",
    "use_distributed_sampler": "true false",
    "profiler": "simple advanced !nope",
    "detect_anomaly": "true",
    "barebones": "!true",
    "plugins": "!nope",
    "sync_batchnorm": "true",
    "reload_dataloaders_every_n_epochs": "1 !-1",
    "default_root_dir": "elsewhere",
    "enable_autolog_hparams": "true false",
    "model_registry": "name",
}
# Options of each callback; None is refused as it stands.
CALLBACKS: dict[str, str | None] = {
    "BackboneFinetuning": None,
    "BaseFinetuning": None,
    "BasePredictionWriter": "",
    "BatchSizeFinder": "--trainer.callbacks.max_trials=2",
    "Callback": "",
    "Checkpoint": "",
    "DeviceStatsMonitor": "--trainer.callbacks.cpu_stats=false",
    "EarlyStopping": "--trainer.callbacks.monitor=val/loss",
    "GradientAccumulationScheduler": "--trainer.callbacks.scheduling={0: 2}",
    "LambdaCallback": "",
    "LearningRateFinder": "--trainer.callbacks.num_training_steps=20",
    "LearningRateMonitor": "",
    "ModelCheckpoint": "--trainer.callbacks.monitor=val/loss",
    "ModelPruning": "--trainer.callbacks.pruning_fn=l1_unstructured --trainer.callbacks.amount=0.5",
    "ModelSummary": "",
    "OnExceptionCheckpoint": "--trainer.callbacks.dirpath=saved",
    "ProgressBar": "",
    "RichModelSummary": "",
    "RichProgressBar": "",
    "StochasticWeightAveraging": "--trainer.callbacks.swa_lrs=0.01",
    "SpikeDetection": "",
    "ThroughputMonitor": None,
    "Timer": "--trainer.callbacks.duration=00:00:01:00",
    "TQDMProgressBar": "",
    "EMAWeightAveraging": "",
    "WeightAveraging": "",
}


def attempt(digits: Digits, *options: str) -> str | None:
    """Run `fit`; the error, if it is refused. It has one line then, and leaves no run."""
    try:
        digits("fit", *FIT, *options)
    except SystemExit as end:
        message = end.code
        assert isinstance(message, str), options
        assert message.startswith("error: "), message
        assert "\n" not in message
        assert not list(Path().rglob("version_*")), message
        return message
    return None


def test_nothing_is_left_out() -> None:
    assert FLAGS.keys() == inspect.signature(Trainer).parameters.keys()
    assert CALLBACKS.keys() == set(callbacks.__all__)
    named = set(re.findall(r"`(\w+)`", PAGE[PAGE.index("## What was tried") :]))
    assert FLAGS.keys() | CALLBACKS.keys() <= named


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("flag", "value"), [(flag, value) for flag, values in FLAGS.items() for value in values.split()]
)
def test_a_flag_works_or_is_refused_in_one_line(digits: Digits, flag: str, value: str) -> None:
    refused = attempt(digits, f"--trainer.{flag}={value.removeprefix('!')}")
    assert (refused is not None) == value.startswith("!"), refused


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_works_or_is_refused_in_one_line(digits: Digits, name: str) -> None:
    options = CALLBACKS[name]
    given = [] if options is None else [part for part in re.split(r" (?=--)", options) if part]
    refused = attempt(digits, f"--trainer.callbacks=lightning.pytorch.callbacks.{name}", *given)
    assert (refused is not None) == (options is None), refused
