"""Which checkpoint a command takes, and how a run is resumed."""

import shlex
from pathlib import Path

import pytest
import torch
import yaml

from digits.cli import main
from tests.helpers import SMALL_FIT, Digits, read_events

RUN = Path("lightning_logs/MLP/version_0")


def test_best_is_the_epoch_with_the_best_validation_and_last_the_last(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *SMALL_FIT, "--trainer.max_epochs=4", "--model.lr=0.3")
    run = tmp_path / "lightning_logs/MLP/version_0"
    accuracy = [event.value for event in read_events(run).Scalars("val/accuracy")]
    best, last = (torch.load(run / f"checkpoints/{name}.ckpt", weights_only=True) for name in ("best", "last"))
    assert best["epoch"] == accuracy.index(max(accuracy))
    assert last["epoch"] == 3


def test_training_on_everything_leaves_the_last_checkpoint_to_test(digits: Digits, trained: Digits) -> None:
    trained(*SMALL_FIT, "--data.val_size=0")
    assert "checkpoints/last.ckpt" in digits("test", "--name=MLP")


def test_resuming_goes_on_in_the_same_run(digits: Digits, tmp_path: Path) -> None:
    fit = ("fit", *SMALL_FIT, "--trainer.max_epochs=3")
    digits(*fit)
    run = tmp_path / "lightning_logs/MLP/version_0"
    whole = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    first = run / "checkpoints/best.ckpt"
    assert torch.load(first, weights_only=True)["epoch"] < 3
    digits(*fit, f"--ckpt_path={first}")
    resumed = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert resumed["global_step"] == whole["global_step"]
    assert "had reached its end" in digits(*fit, "--ckpt_path=last")
    assert resumed["epoch"] == whole["epoch"]
    assert [path.name for path in run.parent.iterdir()] == ["version_0"]
    assert yaml.safe_load((run / "config.yaml").read_text())["ckpt_path"] is None


def test_resuming_a_file_that_is_at_its_end_leaves_no_new_run(digits: Digits, trained: Digits) -> None:
    trained()
    (RUN / "checkpoints/last.ckpt").rename("a.ckpt")
    said = digits("fit", *SMALL_FIT, "--ckpt_path=a.ckpt")
    assert "had reached its end" in said
    assert "version_1" not in said
    assert [*RUN.parent.iterdir()] == [RUN]


def test_resuming_towards_another_end_is_refused(trained: Digits, refused: Digits) -> None:
    trained()
    before = (RUN / "config.yaml").read_bytes()
    message = refused("fit", *SMALL_FIT, "--trainer.max_epochs=5", "--ckpt_path=last")
    assert "planned for 8 steps, but these options make 40" in message
    assert (RUN / "config.yaml").read_bytes() == before


def test_a_checkpoint_or_a_run_is_enough(digits: Digits, trained: Digits, tmp_path: Path) -> None:
    trained()
    for folder in (RUN, RUN.parent):
        out = digits("test", f"--ckpt_path={folder}")
        assert "version_0/checkpoints/best.ckpt" in out
        assert "on 90 images" in out
    assert "checkpoints/last.ckpt" in digits("fit", *SMALL_FIT, f"--ckpt_path={folder}")
    path = tmp_path / "elsewhere.ckpt"
    (RUN / "checkpoints/best.ckpt").rename(path)
    assert "on 90 images" in digits("test", f"--ckpt_path={path}")


def test_options_that_contradict_the_checkpoint_are_named(trained: Digits, refused: Digits) -> None:
    trained()
    assert "--model.lr 0.5 contradicts" in refused("test", "--name=MLP", "--model=MLP", "--model.lr=0.5")
    assert "--model.hidden [8] contradicts" in refused("test", "--name=MLP", "--model=MLP", "--model.hidden=[8]")
    assert "holds a MLP, but the model asked for is SmallCNN" in refused("test", "--name=MLP", "--model=SmallCNN")


def test_validating_on_another_split_warns(trained: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    trained()
    main(["validate", "--name=MLP", "--data.val_size=50", "--trainer.accelerator=cpu"])
    assert "warning: --data.val_size is 50, but" in capsys.readouterr().err
    main(["validate", "--ckpt_path=pretrained", "--data.val_size=60", "--trainer.accelerator=cpu"])
    assert "does not say what it was trained on" in capsys.readouterr().err


def test_validating_on_images_of_another_source_warns(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.csv").write_text("".join(f"{n % 10}" + ",9" * 784 + "\n" for n in range(100)))
    digits("fit", *SMALL_FIT, "--data=CSVDataModule", "--data.train=rows.csv", "--data.label=1")
    main(["validate", "--name=MLP", "--data.val_size=60", "--trainer.accelerator=cpu"])
    assert "--data.train rows.csv" in capsys.readouterr().err


def test_the_command_that_takes_a_better_run_keeps_all_options(digits: Digits, trained: Digits) -> None:
    trained()
    digits("fit", *SMALL_FIT, "--model.lr=0")
    told = digits("export", "--name=MLP", "--path=a.ckpt")
    assert "validated better" in told
    assert " --path=a.ckpt --ckpt_path lightning_logs/MLP/version_0\n" in told


def test_what_is_printed_next_names_a_run_that_is_not_the_newest(digits: Digits, trained: Digits) -> None:
    trained()
    digits("fit", *SMALL_FIT)
    again = digits("fit", *SMALL_FIT, f"--ckpt_path={RUN}")
    assert "Next: digits test --name MLP --ckpt_path lightning_logs/MLP/version_0" in again
    assert "--ckpt_path" not in digits("fit", *SMALL_FIT, "--ckpt_path=last")


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_nothing_runs_on_random_weights(refused: Digits, command: str) -> None:
    message = refused(command, "--config", str(Path(__file__).parent.parent / "configs/mlp.yaml"))
    assert "no checkpoint in lightning_logs/mlp" in message
    assert "digits fit --config" in message


@pytest.mark.parametrize("command", ["validate", "test", "predict", "export"])
def test_a_network_must_be_named(refused: Digits, command: str) -> None:
    message = refused(command)
    assert "no network: give --config NAME, or by --ckpt_path the folder of a run, or pretrained" in message
    assert ("digits predict PICTURE" in message) == (command == "predict")


def test_a_class_from_a_checkpoint_is_not_imported_unasked(trained: Digits, refused: Digits) -> None:
    trained()
    path = RUN / "checkpoints/best.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["class_path"] = "antigravity.Model"
    torch.save(checkpoint, path)
    assert "holds a antigravity.Model: name it" in refused("test", "--name=MLP")


def test_without_logger_checkpoints_still_lie_in_the_run(digits: Digits, tmp_path: Path) -> None:
    digits("fit", *SMALL_FIT, "--trainer.logger=false")
    run = tmp_path / "lightning_logs/MLP/version_0"
    assert {path.name for path in run.iterdir()} == {"checkpoints", "config.yaml", "metrics.csv"}
    assert "on 90 images" in digits("test", "--name=MLP", "--trainer.logger=false")


@pytest.mark.parametrize(
    ("command", "train"),
    [
        ("test --name=x", "digits fit --config large_cnn --name x"),
        ("test --config=mlp --name=x", "digits fit --config mlp --name x"),
        ("export --model=MLP --model.hidden=[8]", "digits fit --name MLP --model=MLP '--model.hidden=[8]'"),
        ("fit --model=MLP --ckpt_path=last", "digits fit --name MLP --model=MLP"),
        (
            "test --model=MLP --trainer.default_root_dir=y",
            "digits fit --name MLP --model=MLP --trainer.default_root_dir y",
        ),
    ],
)
def test_where_there_is_no_checkpoint_the_command_is_named_that_makes_one(
    digits: Digits, capsys: pytest.CaptureFixture[str], command: str, train: str
) -> None:
    with pytest.raises(SystemExit, match="no checkpoint in") as info:
        main(command.split())
    assert f"train first, as by `{train}`" in str(info.value.code)
    with pytest.raises(SystemExit) as accepted:
        main([*shlex.split(train)[1:], "--print_config"])
    assert accepted.value.code in (None, 0)
