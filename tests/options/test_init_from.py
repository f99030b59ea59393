import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from lightning.pytorch.callbacks import EMAWeightAveraging
from torch.testing import assert_close

from digits.callbacks import before_after
from digits.cli import main
from digits.data import Digits as Images
from digits.data import DigitsDataModule, mixed
from digits.models import MLP, Classifier
from digits.options.init_from import DECAY
from tests.helpers import Digits, draw, same_weights, weights, written

SHORT = ("--trainer.limit_train_batches=2", "--trainer.logger=false", "--pictures=false")
OWN = ("--data=ImageDataModule", "--data.path=my_digits")
RUN = Path("lightning_logs/fine_tuned/version_0")
START = Path("lightning_logs/MLP/version_0")
Fit = Callable[..., str]


class Letters(DigitsDataModule):
    """Images of three classes."""

    classes = ("a", "b", "c")

    def load(self, split: str) -> Images:
        images, labels = draw(90, seed=1)
        return Images(images, labels % 3)


class Unnamed(DigitsDataModule):
    """Images of more classes than it names."""

    def load(self, split: str) -> Images:
        images, labels = draw(90, seed=1)
        return Images(images, labels % 3 + 10)


class Average(EMAWeightAveraging):
    """An average of a user's own."""


@pytest.fixture
def fit(trained: Digits, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fit:
    """`fit(...)` trains further on tiny data and returns what it printed; there is a run of an MLP, and own pictures.

    These are two of each of three digits, one that has no label, and a file that is no picture.
    """
    trained("--model=MLP", "--model.hidden=[20]", "--trainer.max_epochs=2", *SHORT)
    monkeypatch.setattr(mixed, "VAL_SIZE", 60)
    for label in "147":
        folder = Path(f"my_digits/{label}")
        folder.mkdir(parents=True)
        for size in (100, 140):
            written(label, size).save(folder / f"{size}.png")
    written("3").save("my_digits/three.png")
    Path("my_digits/1/broken.png").write_bytes(b"no picture")

    def run(*args: str) -> str:
        capsys.readouterr()
        main(["fit", "--trainer.accelerator=cpu", *SHORT, *args])
        return capsys.readouterr().out

    return run


def test_what_a_second_look_may_change_is_said(fit: Fit) -> None:
    first = START / "checkpoints/best.ckpt"
    content = torch.load(first, weights_only=True)
    torch.save({**content, "second_look": 0.9}, first)
    out = fit("--init_from=MLP", *OWN, "--trainer.max_epochs=1", "--trainer.max_steps=2")
    assert "%, without a second look\n" in out


def same(one: Path, other: Path) -> bool:
    return same_weights(weights(one), weights(other))


def settings(run: Path) -> Any:
    return yaml.safe_load((run / "config.yaml").read_text())


def test_own_pictures_are_scored_before_and_after(fit: Fit) -> None:
    out = fit("--init_from=MLP", *OWN)
    assert "Own images: 6, 2 of a digit" in out
    assert "There are none of 0, 2, 3, 5, 6, 8, 9." in out
    assert "Left out: 1/broken.png (unreadable: " in out
    assert "Left out: three.png (neither its folder nor its name says which digit it is, as 7/ or 7_a.png do)" in out
    before, after = (line for line in out.splitlines() if line.startswith(("Before:", "After:")))
    assert "of 6 own images right, MNIST validation error" in before
    assert "of 6 own images right (cross-validated), MNIST validation error" in after
    right_before, right_after = (int(line.split()[1]) for line in (before, after))
    assert ("No more of the own images are right than before." in out) == (right_after <= right_before)
    assert f"Next: digits demo --ckpt_path {RUN}" in out
    checkpoint = torch.load(RUN / "checkpoints/best.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 2
    assert checkpoint["hyper_parameters"]["hidden"] == [20]
    assert not same(START, RUN)
    (average,) = (one for one in settings(RUN)["trainer"]["callbacks"] if "EMA" in one["class_path"])
    assert average["init_args"]["decay"] == DECAY


def test_cross_validation_averages_the_weights_as_the_run_does(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def train(*args: Any, **settings: Any) -> Classifier:
        given.extend(one for one in args[3])
        return real_train(*args, **settings)

    real_train = before_after.train
    monkeypatch.setattr(before_after, "train", train)
    average = (f"--trainer.callbacks={__name__}.Average", "--trainer.callbacks.update_every_n_steps=2")
    fit("--init_from=MLP", *OWN, *average)
    assert len({id(one) for one in given}) == before_after.FOLDS
    assert all(isinstance(one, Average) and one.update_every_n_steps == 2 for one in given)


def test_weights_and_scaling_are_those_of_the_checkpoint_and_options_win(fit: Fit) -> None:
    start = START / "checkpoints/best.ckpt"
    torch.save(torch.load(start, weights_only=True) | {"second_look": 0.6}, start)
    out = fit(f"--init_from={START}", *OWN, "--model.lr=0", "--data.rotation=3", "--data.val_size=2")
    assert "(held out)" in out
    assert "No more of the own images are right than before." in out  # at a learning rate of 0
    for old, new in zip(weights(START).values(), weights(RUN).values(), strict=True):
        assert_close(old, new)  # but for rounding, as they are averaged
    known = [torch.load(path, weights_only=True) for path in (start, RUN / "checkpoints/last.ckpt")]
    assert known[0]["data"] == known[1]["data"]
    assert known[1]["second_look"] == 0.6
    data = settings(RUN)["data"]["init_args"]
    assert (data["rotation"], data["zoom"], data["held_out"], data["own"]["init_args"]["path"]) == (
        *(3, 0.1, 2),
        "my_digits",
    )


def test_a_run_is_repeated_by_its_config(fit: Fit) -> None:
    Path("MLP").mkdir()  # which holds no run, and hides none
    fit("--init_from=MLP", *OWN, "--data.val_size=2", "--model.lr=0.002")
    fit(f"--config={RUN}/config.yaml")
    again = RUN.with_name("version_1")
    assert settings(again)["model"] == settings(RUN)["model"]
    assert same(RUN, again)


def test_the_config_of_a_network_gives_its_settings_of_training(fit: Fit) -> None:
    network = ("--model=MLP", "--model.hidden=[20]")
    fit("--init_from=MLP", *OWN, *network, "--data.val_size=2", "--model.lr=0.003", "--model.label_smoothing=0.1")
    used = settings(RUN)["model"]["init_args"]
    assert (used["hidden"], used["lr"], used["label_smoothing"]) == ([20], 0.003, 0.1)


def test_a_default_of_the_network_s_class_is_not_taken_for_a_config(
    fit: Fit, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--data.val_size=60", "--trainer.max_epochs=1", "--trainer.accelerator=cpu", *SHORT)
    main(["fit", "--init_from=MLP", "--model=MLP", *small])  # by default, it has another number of units
    assert "config" not in capsys.readouterr().err
    Path("wide.yaml").write_text("model: {class_path: MLP, init_args: {hidden: [30]}}\n")
    main(["fit", "--init_from=MLP", "--config=wide.yaml", *small])
    assert "was made with hidden [20], which is used, whatever the config says" in capsys.readouterr().err


def test_a_run_that_was_stopped_goes_on(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    own = ("--init_from=MLP", *OWN, "--data.val_size=2")
    fit(*own)

    def stop(self: MLP, batch: Any, batch_idx: int) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return Classifier.training_step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(MLP, "training_step", stop)
        with pytest.raises(SystemExit):
            fit(*own)
    out = fit(*own, "--ckpt_path=last")
    assert "Before" not in out
    assert "After: " in out
    assert same(RUN, RUN.with_name("version_1"))
    assert "After" not in fit(*own, "--ckpt_path=last")  # nothing was left to train


def test_the_head_is_new_for_other_classes(fit: Fit) -> None:
    out = fit(
        "--init_from=MLP", "--data=tests.options.test_init_from.Letters", "--data.val_size=9", "--trainer.max_epochs=1"
    )
    assert "The last layer is new: it tells apart 3 classes (a, b, c), not 10 classes (0, 1, 2, …)" in " ".join(
        out.split()
    )
    assert "Before" not in out
    old, new = weights(START), weights(RUN)
    assert [len(new[name]) for name in new] == [20, 20, 3, 3]
    assert old.keys() == new.keys()
    main(["validate", f"--ckpt_path={RUN}", "--data=tests.options.test_init_from.Letters", "--data.val_size=9"])
    fit("--name=back", f"--init_from={RUN}", *OWN, "--data.val_size=2")
    assert [len(one) for one in weights(Path("lightning_logs/back/version_0")).values()] == [20, 20, 10, 10]


def test_averaged_weights_have_the_new_head(fit: Fit) -> None:
    letters = ("--data=tests.options.test_init_from.Letters", "--data.val_size=9", "--trainer.max_epochs=1")
    average = ("--trainer.callbacks=EMAWeightAveraging", "--trainer.callbacks.decay=0.5")
    fit("--model=MLP", "--name=anew", *letters, *average)
    assert [len(one) for one in weights(Path("lightning_logs/anew/version_0")).values()] == [784, 784, 3, 3]
    fit("--init_from=MLP", *letters, *average)
    assert [len(one) for one in weights(RUN).values()] == [20, 20, 3, 3]


def test_other_data_of_the_same_classes_are_trained_on_as_they_are(fit: Fit) -> None:
    out = fit("--init_from=MLP", "--trainer.max_epochs=1", "--data.val_size=60")
    assert "Before: validation error" in out
    assert settings(RUN)["data"]["class_path"].endswith("MNISTDataModule")
    out = fit("--init_from=MLP", "--trainer.max_epochs=1", "--mnist_share=0.5")
    assert "Own images: 300" in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--init_from=MPL"], "--init_from MPL: there is no such file or run: did you mean MLP?"),
        (["--init_from="], "--init_from is empty: give a checkpoint, the folder or the name of a run, or pretrained"),
        (["--init_from=MLP", "--model=SmallCNN"], "holds a MLP, but the network to train is a SmallCNN: leave out"),
        (["--init_from=MLP", "--model=MLP", "--model.hidden=[5]"], "--model.hidden [5] contradicts "),
        (["--init_from=my_digits"], "my_digits holds no run with a checkpoint"),
        (["--init_from=MLP", "--mnist_share=1"], "--mnist_share must be a number from 0 to less than 1, got 1"),
        (
            ["--init_from=MLP", "--mnist_share=0.5", f"--data={__name__}.Letters"],
            "mixes digits in, but the images are of 3 classes (a, b, c)",
        ),
        (
            ["--init_from=MLP", "--mnist_share=0.5", f"--data={__name__}.Unnamed"],
            "there are labels up to 12, but 10 classes",
        ),
        (["--model=MLP", "--mnist_share=0.5"], "--mnist_share needs --init_from"),
        (["--init_from=MLP", "--data=ImageDataModule", "--data.path=my_digits/three.png"], "of 1 image none can be"),
    ],
)
def test_what_can_not_start_is_told_in_one_line(fit: Fit, args: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as info:
        fit(*args)
    assert str(info.value.code).startswith("error: ")
    assert message in str(info.value.code)
    assert not RUN.exists()
