from pathlib import Path

import pytest

from digits.cli import main
from digits.data import Digits as Images
from digits.data import DigitsDataModule
from tests.helpers import SMALL, SMALL_FIT, Digits, draw


class Letters(DigitsDataModule):
    """Images of three classes."""

    classes = ("a", "b", "c")

    def load(self, split: str) -> Images:
        images, labels = draw(90, seed=1)
        return Images(images, labels % 3)


class Named(DigitsDataModule):
    """Images of ten classes of other names."""

    classes = tuple("abcdefghij")

    def load(self, split: str) -> Images:
        return Images(*draw(90, seed=1))


def test_images_of_other_classes_than_the_networks_are_refused_or_warned_of(
    digits: Digits, trained: Digits, refused: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = f"--data={__name__}.Letters"
    trained(*SMALL_FIT, letters)
    told = "the network tells 3 classes (a, b, c) apart, but the images are of 10 classes"
    for command in ("test", "validate"):
        digits(command, "--name=MLP", letters)
        assert f"{told} (0, 1, 2, …): give the --data that" in refused(command, "--name=MLP")
    trained()
    main(["test", "--name=MLP", *SMALL, f"--data={__name__}.Named"])
    assert "warning: the network tells 10 classes (0, 1, 2, …) apart, but the images" in capsys.readouterr().err
    main(["test", "--name=MLP", *SMALL])
    assert capsys.readouterr().err == ""


def test_export_says_no_error_on_images_of_other_classes(digits: Digits, trained: Digits) -> None:
    letters = f"--data={__name__}.Letters"
    trained(*SMALL_FIT, letters)
    assert "Error" not in digits("export", "--name=MLP", "--path=a.ckpt")
    assert "Error" in digits("export", "--name=MLP", "--path=a.ckpt", letters)


def test_a_row_of_predictions_has_a_probability_of_each_class_of_the_network(digits: Digits, trained: Digits) -> None:
    trained(*SMALL_FIT, f"--data={__name__}.Letters")
    digits("predict", "--name=MLP", "--predictions.path=out.csv")  # images of MNIST
    header, first, *_ = Path("out.csv").read_text().splitlines()
    assert header == "id,prediction,confidence,p0,p1,p2,target"
    assert len(first.split(",")) == 7


def test_the_folder_of_a_tests_files_is_named_where_it_has_any(digits: Digits, trained: Digits) -> None:
    trained()
    assert "\nThe test's files: lightning_logs/MLP/version_0\n" in digits("test", "--name=MLP")
    assert "The test's files" not in digits("test", "--name=MLP", "--trainer.fast_dev_run=true")
