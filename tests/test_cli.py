import csv
import shlex
from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digits.cli import main
from digits.data import MNISTDataModule
from digits.models import MLP
from tests.helpers import Digits

MODEL = ("--model=MLP", "--model.hidden=[16]", "--model.lr=0.01")
FIT = ("--trainer.max_epochs=2", "--pictures=false", *MODEL)


def scalars(run: Path) -> EventAccumulator:
    events = EventAccumulator(str(run))
    events.Reload()
    return events


def test_fit_leaves_a_run_that_the_other_commands_find(digits: Digits, tmp_path: Path) -> None:
    out = digits("fit", *FIT)
    run = tmp_path / "lightning_logs/MLP/version_0"
    assert "trainable parameters" in out
    assert "12,730" in out
    assert "Epoch 2/2" in out
    assert "lightning_logs/MLP/version_0" in out
    assert "Next: digits test --name MLP" in out
    Path("mine.yaml").write_text("model: {class_path: MLP}")
    out = digits("fit", "--config=mine.yaml", "--name=other", "--trainer.max_epochs=1", "--pictures=false")
    assert "Next: digits test --config mine.yaml --name other" in out
    assert {path.name for path in run.glob("*.yaml")} == {"config.yaml", "hparams.yaml"}
    assert {path.name for path in run.glob("checkpoints/*")} == {"best.ckpt", "last.ckpt"}
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["init_args"]["hidden"] == [16]

    assert "accuracy" in digits("validate", "--name=MLP")
    out = digits("test", "--name=MLP")
    assert "Checkpoint: lightning_logs/MLP/version_0/checkpoints/best.ckpt" in out
    assert "on 90 images" in out
    assert "loss" in out
    assert "error" in out
    assert str(run / "predictions.csv") in str(tmp_path / digits("predict", "--name=MLP").split("Predictions: ")[1])
    assert sorted(path.name for path in run.parent.iterdir()) == ["version_0"]


def test_tensorboard_gets_scalars_and_hyperparameters(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT, "--trainer.log_every_n_steps=1")
    out = digits("test", "--name=MLP")
    events = scalars(tmp_path / "lightning_logs/MLP/version_0")
    tags = set(events.Tags()["scalars"])
    wanted = {f"{stage}/{name}" for stage in ("train", "val", "test") for name in ("loss", "accuracy", "error")}
    assert wanted | {"lr-AdamW", "epoch"} <= tags
    assert [event.step for event in events.Scalars("val/accuracy")] == [8, 16]  # 240 images, 8 batches an epoch
    assert f"accuracy {events.Scalars('test/accuracy')[-1].value:.2%}" in out
    page = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"val/accuracy" in events.SummaryMetadata("_hparams_/experiment").plugin_data.content
    assert b"weight_decay" in page
    assert b"batch_size" in page


def test_predictions_are_those_of_the_checkpoint_in_dataset_order(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT)
    digits("predict", "--name=MLP", "--predictions.path=out/p.csv")
    with Path("out/p.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["id", "prediction", "confidence", *(f"p{i}" for i in range(10)), "target"]
    assert [row[0] for row in rows] == [str(i) for i in range(90)]

    checkpoint = torch.load("lightning_logs/MLP/version_0/checkpoints/best.ckpt", weights_only=True)
    model = MLP(**checkpoint["hyper_parameters"])
    model.load_state_dict(checkpoint["state_dict"])
    model.eval()
    data = MNISTDataModule()
    data.setup("predict")
    images, labels = data.on_after_batch_transfer(data.predict[torch.arange(90)], 0)
    expected = (model(images) / checkpoint["temperature"]).softmax(1)
    written = torch.tensor([[float(p) for p in row[3:13]] for row in rows])
    torch.testing.assert_close(written, expected.detach(), atol=2e-6, rtol=0)
    assert [int(row[1]) for row in rows] == expected.argmax(1).tolist()
    assert [row[2] for row in rows] == [max(row[3:13], key=float) for row in rows]
    assert [int(row[13]) for row in rows] == labels.tolist()


def test_best_is_the_epoch_with_the_best_validation_and_last_the_last(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *MODEL, "--trainer.max_epochs=4", "--model.lr=0.3")
    run = tmp_path / "lightning_logs/MLP/version_0"
    accuracy = [event.value for event in scalars(run).Scalars("val/accuracy")]
    best, last = (torch.load(run / f"checkpoints/{name}.ckpt", weights_only=True) for name in ("best", "last"))
    assert best["epoch"] == accuracy.index(max(accuracy))
    assert last["epoch"] == 3


def test_training_on_everything_leaves_the_last_checkpoint_to_test(digits: Digits) -> None:
    digits("fit", *FIT, "--data.val_size=0")
    assert "checkpoints/last.ckpt" in digits("test", "--name=MLP")


def test_resuming_goes_on_in_the_same_run(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *MODEL, "--trainer.max_epochs=3")
    run = tmp_path / "lightning_logs/MLP/version_0"
    whole = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    first = run / "checkpoints/best.ckpt"
    assert torch.load(first, weights_only=True)["epoch"] < 3
    digits("fit", *MODEL, "--trainer.max_epochs=3", f"--ckpt_path={first}")
    resumed = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert resumed["global_step"] == whole["global_step"]
    assert "had reached its end" in digits("fit", *MODEL, "--trainer.max_epochs=3", "--ckpt_path=last")
    assert resumed["epoch"] == whole["epoch"]
    assert [path.name for path in run.parent.iterdir()] == ["version_0"]
    assert yaml.safe_load((run / "config.yaml").read_text())["ckpt_path"] is None


def test_resuming_towards_another_end_is_refused(digits: Digits, refused: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT)
    config = tmp_path / "lightning_logs/MLP/version_0/config.yaml"
    before = config.read_bytes()
    message = refused("fit", *MODEL, "--trainer.max_epochs=5", "--ckpt_path=last")
    assert "planned for 16 steps, but these options make 40" in message
    assert config.read_bytes() == before


def test_a_checkpoint_or_a_run_is_enough(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT)
    for folder in ("lightning_logs/MLP/version_0", "lightning_logs/MLP"):
        out = digits("test", f"--ckpt_path={folder}")
        assert "version_0/checkpoints/best.ckpt" in out
        assert "on 90 images" in out
    assert "checkpoints/last.ckpt" in digits("fit", *MODEL, "--trainer.max_epochs=2", f"--ckpt_path={folder}")
    path = tmp_path / "elsewhere.ckpt"
    (tmp_path / "lightning_logs/MLP/version_0/checkpoints/best.ckpt").rename(path)
    assert "on 90 images" in digits("test", f"--ckpt_path={path}")


def test_options_that_contradict_the_checkpoint_are_named(digits: Digits, refused: Digits) -> None:
    digits("fit", *FIT)
    assert "--model.lr 0.5 contradicts" in refused("test", "--name=MLP", "--model=MLP", "--model.lr=0.5")
    assert "--model.hidden [8] contradicts" in refused("test", "--name=MLP", "--model=MLP", "--model.hidden=[8]")
    assert "holds a MLP, but the model asked for is SmallCNN" in refused("test", "--name=MLP", "--model=SmallCNN")


def test_validating_on_another_split_warns(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    digits("fit", *FIT)
    main(["validate", "--name=MLP", "--data.val_size=50", "--trainer.accelerator=cpu"])
    assert "warning: --data.val_size is 50, but" in capsys.readouterr().err
    main(["validate", "--ckpt_path=pretrained", "--data.val_size=60", "--trainer.accelerator=cpu"])
    assert "does not say what it was trained on" in capsys.readouterr().err


def test_command_line_beats_config_beats_defaults(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("model: {class_path: LargeCNN}\ntrainer: {max_epochs: 7, log_every_n_steps: 3}\n")
    with pytest.raises(SystemExit) as info:
        main(["fit", "--config=mine.yaml", "--trainer.max_epochs=2", "--print_config"])
    assert info.value.code in (None, 0)
    config = yaml.safe_load(capsys.readouterr().out)
    assert config["trainer"]["max_epochs"] == 2
    assert config["trainer"]["log_every_n_steps"] == 3
    assert config["data"]["init_args"]["val_size"] == 5000
    assert config["model"]["init_args"]["lr"] == 0.005
    assert config["seed_everything"] == 0


@pytest.mark.parametrize("command", ["fit", "validate", "test", "predict"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as info:
        main([command, "--help"])
    assert info.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: digits")
    assert ("--predictions.path" in out) == (command == "predict")


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ((), "no model"),
        (("--config=absent.yaml",), "absent.yaml"),
        (("--config=text.yaml",), "text.yaml is not valid YAML"),
        (("--config=key.yaml",), "modle"),
        ((*FIT, "--model.lrr=3"), "lrr"),
        ((*FIT, "--model.lr=fast"), "fast"),
        ((*FIT, "--trainer.max_epochs=many"), "trainer.max_epochs"),
        ((*FIT, "--nonsense=3"), "--nonsense=3"),
        (("--model=Nonsense",), "no class Nonsense"),
        ((*FIT, "--data.batch_size=-3"), "--data.batch_size must be at least 1, got -3"),
        ((*FIT, "--data.val_size=300"), "--data.val_size 300 leaves nothing to train on: there are 300"),
        ((*FIT, "--trainer.default_root_dir=text.yaml"), "text.yaml/lightning_logs/MLP"),
        ((*FIT, "--ckpt_path=last"), "no checkpoint in lightning_logs/MLP"),
        ((*FIT, "--ckpt_path=text.yaml"), "text.yaml is damaged or not a checkpoint"),
        ((*FIT, "--ckpt_path="), "--ckpt_path is empty"),
        ((*FIT, "--trainer.accelerator=abacus"), "abacus"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(refused: Digits, args: tuple[str, ...], names: str) -> None:
    Path("text.yaml").write_text("a: [1")
    Path("key.yaml").write_text("modle: 3")
    assert names in refused("fit", *args)
    assert not list(Path("lightning_logs").rglob("version_*"))


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_nothing_runs_on_random_weights(refused: Digits, command: str) -> None:
    message = refused(command, "--config", str(Path(__file__).parent.parent / "configs/mlp.yaml"))
    assert "no checkpoint in lightning_logs/mlp" in message
    assert "digits fit --config" in message


def test_predictions_that_cannot_be_written_are_refused_before_predicting(digits: Digits, refused: Digits) -> None:
    digits("fit", *FIT)
    Path("folder").mkdir()
    assert "--predictions.path folder is a folder" in refused("predict", "--name=MLP", "--predictions.path=folder")
    Path("file").touch()
    assert "file/x.csv can't be written" in refused("predict", "--name=MLP", "--predictions.path=file/x.csv")


def test_a_class_from_a_checkpoint_is_not_imported_unasked(digits: Digits, refused: Digits) -> None:
    digits("fit", *FIT)
    path = Path("lightning_logs/MLP/version_0/checkpoints/best.ckpt")
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["class_path"] = "antigravity.Model"
    torch.save(checkpoint, path)
    assert "holds a antigravity.Model: name it" in refused("test", "--name=MLP")


def test_without_validation_images_there_is_nothing_to_validate(digits: Digits, refused: Digits) -> None:
    digits("fit", *FIT, "--data.val_size=0")
    assert "--data.val_size is 0" in refused("validate", "--name=MLP", "--data.val_size=0")


def test_without_logger_checkpoints_still_lie_in_the_run(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *FIT, "--trainer.logger=false")
    run = tmp_path / "lightning_logs/MLP/version_0"
    assert {path.name for path in run.iterdir()} == {"checkpoints", "config.yaml", "metrics.csv"}
    assert "on 90 images" in digits("test", "--name=MLP", "--trainer.logger=false")


def test_the_same_seed_gives_the_same_weights(digits: Digits, tmp_path: Path) -> None:
    augmented = (*FIT, "--data.rotation=10", "--data.zoom=0.1", "--data.shift=0.1")
    for seed in ("0", "0", "1"):
        digits("fit", *augmented, f"--seed_everything={seed}")
    a, b, c = (
        torch.load(tmp_path / f"lightning_logs/MLP/version_{i}/checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for i in range(3)
    )
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not all(torch.equal(a[key], c[key]) for key in a)


def test_a_log_file_gets_one_line_per_epoch_and_quiet_means_quiet(digits: Digits) -> None:
    out = digits("fit", *FIT)
    assert sum(line.startswith("Epoch ") for line in out.splitlines()) == 2
    assert "\r" not in out
    assert "Epoch" not in digits("fit", *FIT, "--trainer.enable_progress_bar=false")


def test_a_config_that_is_not_here_is_the_package_s_own(digits: Digits, refused: Digits) -> None:
    assert "592,074" in digits("fit", "--config=configs/small_cnn.yaml", "--trainer.fast_dev_run=true")
    assert "absent.yaml" in refused("fit", "--config", "configs/absent.yaml")


def test_lightning_s_profilers_can_be_had(digits: Digits, caplog: pytest.LogCaptureFixture) -> None:
    digits("fit", *FIT, "--trainer.profiler=simple")
    assert "run_training_epoch" in caplog.text


def test_what_is_suggested_can_be_typed_whatever_the_name(digits: Digits) -> None:
    out = digits("fit", *FIT, "--trainer.max_epochs=1", "--name=it's a run")
    (line,) = [line for line in out.splitlines() if line.startswith("Next: ")]
    program, *command = shlex.split(line.removeprefix("Next: "))
    assert program == "digits"
    assert "Checkpoint: lightning_logs/it's a run/version_0/checkpoints/best.ckpt" in digits(*command)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_a_name_that_leads_out_of_the_logs_is_refused(refused: Digits, name: str) -> None:
    assert f"--name {name}" in refused("fit", *FIT, f"--name={name}")
