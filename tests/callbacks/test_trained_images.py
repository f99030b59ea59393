import pytest
import torch

from digits.cli import main
from tests.helpers import SMALL_FIT, Digits, draw, write_csv

OWN = "--data=CSVDataModule"


@pytest.fixture
def warning(digits: Digits, capsys: pytest.CaptureFixture[str]) -> Digits:
    """Like `digits`, but returns the warning about images that were trained on."""

    def run(*args: str) -> str:
        capsys.readouterr()
        main([*args, "--pictures=false", "--trainer.accelerator=cpu"])
        lines = capsys.readouterr().err.splitlines()
        return "".join(line for line in lines if line.startswith("warning: the network was trained on"))

    return run


def test_images_that_were_trained_on_are_told_wherever_they_lie(digits: Digits, warning: Digits) -> None:
    images, labels = draw(50, seed=1)
    write_csv("train.csv", images, labels)
    write_csv("same.csv", images[:20], labels[:20])
    others = draw(5, seed=2)
    write_csv("some.csv", torch.cat([images[:20], others[0]]), torch.cat([labels[:20], others[1]]))
    write_csv("others.csv", *draw(20, seed=3))
    digits("fit", *SMALL_FIT, OWN, "--data.train=train.csv", "--data.val_size=0")
    assert "trained on these images, so" in warning("test", "--name=MLP", OWN, "--data.test=same.csv")
    assert "trained on 20 of these 25 images" in warning("test", "--name=MLP", OWN, "--data.test=some.csv")
    assert warning("test", "--name=MLP", OWN, "--data.test=others.csv") == ""
    assert "on these images" in warning("validate", "--name=MLP", OWN, "--data.train=train.csv", "--data.val_size=9")
    digits("export", "--name=MLP", "--format=weights", "--path=small.ckpt")
    assert "on these images" in warning("test", "--ckpt_path=small.ckpt", OWN, "--data.test=same.csv")
    both = ("--model=Ensemble", "--model.checkpoints=[pretrained,small.ckpt]")
    assert "on these images" in warning("test", *both, OWN, "--data.test=same.csv")
    digits("fit", *SMALL_FIT, "--name=next", "--init_from=MLP")  # on others
    assert "on these images" in warning("test", "--name=next", OWN, "--data.test=same.csv")


def test_what_was_held_out_is_not(trained: Digits, warning: Digits) -> None:
    trained()
    assert warning("validate", "--name=MLP", "--data.val_size=60") == ""
    assert warning("test", "--name=MLP") == ""
    assert "of these 90 images" in warning("validate", "--name=MLP", "--data.val_size=90")


def test_validating_fewer_images_than_are_held_out(trained: Digits, refused: Digits) -> None:
    trained()
    write_csv("own.csv", *draw(9, seed=1))
    message = refused("validate", "--name=MLP", OWN, "--data.train=own.csv")
    assert "--data.val_size 60, but there are 9 images with a label: `test` scores all" in message
