"""The options of Lightning's Trainer do what its users know them to do."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
from jsonargparse import Namespace
from lightning.pytorch import Trainer

from digits.data import DigitsDataModule, MNISTDataModule
from digits.errors import InputError
from digits.options.meaning import refuse_options
from tests.helpers import SMALL_FIT, Digits, csv_rows

FIT = (*SMALL_FIT, "--name=run", "--trainer.max_epochs=2")
EARLY = "--trainer.callbacks=EarlyStopping --trainer.callbacks.monitor=val/loss"
RUN = Path("lightning_logs/run/version_0")


def rows() -> list[dict[str, str]]:
    return csv_rows(RUN / "metrics.csv")


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ("--trainer.max_steps=5", 5),
        ("--trainer.max_epochs=-1 --trainer.max_steps=11 --trainer.callbacks=TQDMProgressBar", 11),
        ("--trainer.overfit_batches=2 --trainer.num_sanity_val_steps=2", 4),
        ("--trainer.limit_train_batches=0.5 --trainer.precision=64-true", 8),
        ("--trainer.accumulate_grad_batches=4 --trainer.precision=bf16-true", 4),
        ("--trainer.gradient_clip_val=1 --trainer.precision=bf16-mixed --trainer.log_every_n_steps=0", 16),
        ("--trainer.val_check_interval=0.5 --trainer.callbacks=Timer --trainer.callbacks.duration=00:01:00:00", 16),
        (EARLY, 16),
    ],
)
def test_a_run_with_options_of_the_trainer_can_be_tested(digits: Digits, options: str, steps: int) -> None:
    digits("fit", *FIT, *options.split())
    checkpoint = torch.load(RUN / "checkpoints/last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == steps
    assert int(rows()[-1]["step"]) == steps
    assert all(float(row["images_per_second"]) > 0 for row in rows())
    assert "on 90 images" in digits("test", "--name=run")


def test_stopped_before_its_first_validation_a_run_has_its_pictures(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.max_steps=5", "--pictures=true")
    assert {path.stem for path in RUN.glob("*.png")} == {"samples", "curves", "filters"}
    assert "val/loss" not in rows()[0]


def test_an_epoch_without_validation_shows_no_figures_of_an_earlier_one(digits: Digits) -> None:
    out = digits("fit", *FIT, "--trainer.max_epochs=3", "--trainer.check_val_every_n_epoch=2")
    assert [row["val/accuracy"] != "" for row in rows()] == [False, True, False]
    lines = [line for line in out.splitlines() if line.startswith("Epoch")]
    assert ["val_accuracy" in line for line in lines] == [False, True, False]


def test_overfitting_goes_over_the_same_batches(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.overfit_batches=1", "--trainer.max_epochs=20", "--model.lr=0.03")
    assert float(rows()[0]["train/accuracy"]) < 0.5
    assert float(rows()[-1]["train/accuracy"]) == 1.0


def test_gradients_are_clipped(digits: Digits) -> None:
    weights = []
    for name, norm in {"free": 1e9, "clipped": 1e-9}.items():
        digits("fit", *FIT, f"--name={name}", f"--trainer.gradient_clip_val={norm}", "--model.weight_decay=0")
        checkpoint = torch.load(f"lightning_logs/{name}/version_0/checkpoints/last.ckpt", weights_only=True)
        weights.append(checkpoint["state_dict"]["layers.1.weight"])
    assert weights[0].std() > 1.01 * weights[1].std()  # AdamW's epsilon holds back what is as small as that


def test_limited_prediction_counts_what_is_written(
    digits: Digits, trained: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained()
    monkeypatch.setattr(DigitsDataModule, "eval_batch_size", 20)
    out = digits("predict", "--name=MLP", "--trainer.limit_predict_batches=2", "--predictions.picture=sheet.png")
    assert "written: 40 images" in out
    run = Path("lightning_logs/MLP/version_0")
    assert len((run / "predictions_partial.csv").read_text().splitlines()) == 41
    assert not (run / "predictions.csv").exists()


def test_without_a_checkpoint_nothing_is_suggested(digits: Digits) -> None:
    assert "Next:" not in digits("fit", *FIT, "--trainer.enable_checkpointing=false")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--trainer.max_epochs=0", "--trainer.max_epochs 0"),
        ("--trainer.max_epochs=-1", "--trainer.max_epochs or --trainer.max_steps"),
        ("--trainer.val_check_interval=20", "`val_check_interval` (20)"),
        ("--trainer.overfit_batches=0.01", "`overfit_batches=0.125`"),
        ("--trainer.callbacks=BackboneFinetuning", "BackboneFinetuning: 'MLP' object has no attribute 'backbone'"),
        (f"{EARLY} --trainer.callbacks+=EarlyStopping --trainer.callbacks.monitor=val/loss", "`EarlyStopping`"),
        ("--trainer.callbacks=EarlyStopping --trainer.callbacks.monitor=val_loss", "did you mean val/loss?"),
        ("--model.lr=-1", "--model.lr"),
        ("--model.weight_decay=.inf", "--model.weight_decay"),
        ("--model.hidden=[16,0]", "--model.hidden"),
    ],
)
def test_what_can_not_train_is_named_and_leaves_no_run(refused: Digits, options: str, named: str) -> None:
    assert named in refused("fit", *FIT, *options.split())
    assert not list(Path().rglob("version_*")) or (RUN / "metrics.csv").exists()  # some know only after an epoch


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("max_steps", 0, "--trainer.max_steps 0 trains nothing"),
        ("limit_train_batches", 0, "--trainer.limit_train_batches 0 trains nothing"),
        ("accumulate_grad_batches", 0, "--trainer.accumulate_grad_batches 0 trains nothing"),
        ("accumulate_grad_batches", -1, "--trainer.accumulate_grad_batches must be at least 1"),
        ("check_val_every_n_epoch", 0, "--trainer.check_val_every_n_epoch must be at least 1"),
        ("gradient_clip_val", -1.0, "--trainer.gradient_clip_val must be at least 0"),
        ("barebones", True, "--trainer.barebones is not supported"),
        ("seed_everything", -5, "--seed_everything must be a whole number from 0"),
    ],
)
def test_values_that_train_nothing_are_refused(option: str, value: Any, told: str) -> None:
    defaults = {name: parameter.default for name, parameter in inspect.signature(Trainer).parameters.items()}
    options = Namespace(trainer=Namespace(defaults), **dict.fromkeys(("model", "data", "optimizer", "lr_scheduler")))
    refuse_options("fit", options, "run")
    (options if option == "seed_everything" else options.trainer)[option] = value
    with pytest.raises(InputError, match=f"^{told}"):
        refuse_options("fit", options, "run")


def test_settings_without_a_network_name_none(refused: Digits) -> None:
    assert "no model: give --config NAME or --model NAME" in refused("fit", "--model.lr=0.1")


def test_exported_weights_are_not_trained_further(digits: Digits, trained: Digits, refused: Digits) -> None:
    trained()
    digits("export", "--name=MLP", "--format=weights", "--path=small.ckpt")
    assert "small.ckpt holds weights alone" in refused("fit", "--ckpt_path=small.ckpt")


def test_a_checkpoint_has_the_same_figures_in_every_command(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.precision=bf16-mixed")
    figures = rows()[-1]
    said = [
        digits(
            command, "--name=run", f"--ckpt_path={RUN}/checkpoints/last.ckpt", "--trainer.precision=bf16-mixed", *data
        )
        for command, data in [("validate", []), ("test", ["--data=tests.test_trainer.TestIsValidation"])]
    ]
    validated, tested = (out.splitlines()[-1].partition(" ")[2] for out in said)
    assert validated == tested
    assert f"(before calibration {float(figures['val/loss']):.4f})" in tested
    assert f"accuracy {float(figures['val/accuracy']):.2%}" in tested


class TestIsValidation(MNISTDataModule):
    """Tests on what is otherwise validated on."""

    __test__ = False

    def setup(self, stage: str) -> None:
        super().setup("fit")
        self.test = self.val


def test_the_schedule_is_planned_after_a_search_and_what_was_found_is_saved(digits: Digits) -> None:
    finders = "--trainer.callbacks=LearningRateFinder --trainer.callbacks.num_training_steps=20"
    out = digits(
        "fit", *FIT, *f"{finders} --trainer.callbacks+=BatchSizeFinder".split(), "--trainer.callbacks.max_trials=3"
    )
    assert "BatchSizeFinder: --data.batch_size 8" in out
    content = torch.load(RUN / "checkpoints/last.ckpt", weights_only=True)
    assert content["global_step"] == content["lr_schedulers"][0]["total_steps"] == 2 * 30
    lr = content["hyper_parameters"]["lr"]
    assert f"LearningRateFinder: --model.lr {lr}" in out
    assert content["lr_schedulers"][0]["base_lrs"][0] == pytest.approx(lr / 25)  # OneCycleLR starts there
    for file in ("config.yaml", "hparams.yaml"):
        text = (RUN / file).read_text()
        assert f"lr: {lr}\n" in text
        assert "batch_size: 8\n" in text


def test_files_of_other_loggers_go_into_the_run_and_tensorboard_is_not_named(digits: Digits) -> None:
    assert "tensorboard" not in digits("fit", *FIT, "--trainer.logger=CSVLogger")
    assert (RUN / "csv/version_0/metrics.csv").is_file()
    assert rows()[0]["epoch"] == "1"  # the run's own


def test_early_stopping_says_when_it_stopped(digits: Digits) -> None:
    out = digits("fit", *FIT, *f"{EARLY} --trainer.callbacks.min_delta=100".split(), "--trainer.max_epochs=9")
    assert "EarlyStopping: after epoch 4 of 9, by val/loss." in out


def test_a_function_in_a_config_is_refused(refused: Digits) -> None:
    options = "--trainer.callbacks=LambdaCallback --trainer.callbacks.on_train_start=os.system"
    assert "LambdaCallback.on_train_start is a function" in refused("fit", *FIT, *options.split())


def test_a_name_that_looks_like_a_number_is_read_back(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        digits("fit", *FIT, "--name=1e3", "--print_config")
    Path("rt.yaml").write_text(capsys.readouterr().out)
    digits("fit", "--config=rt.yaml", "--trainer.limit_train_batches=1")
    assert Path("lightning_logs/1e3/version_0/checkpoints/last.ckpt").is_file()
