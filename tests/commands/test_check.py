import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from digits.__main__ import main
from digits.commands import label_errors
from digits.commands.label_errors import find_label_errors
from digits.runs import PRETRAINED
from tests.helpers import draw, write_csv, written

PIXELS = [f"p{i}" for i in range(784)]


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of each digit in the working directory, one file that is none, and one without a label."""
    monkeypatch.chdir(tmp_path)
    for digit in "0123456789":
        Path(f"my_digits/{digit}").mkdir(parents=True)
        written(digit).save(f"my_digits/{digit}/a.png")
    written("3").save("my_digits/other.png")
    Path("my_digits/4/broken.png").write_bytes(b"no picture")
    return Path("my_digits")


def test_a_picture_in_the_wrong_folder_is_found(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("7").save("my_digits/2/seven.png")
    main(["check", "my_digits"])
    unreadable, unlabelled, header, doubted, sheet = capsys.readouterr().out.splitlines()
    assert header == "1 of 11 labels are doubted by the network in pretrained, the worst first:"
    assert unreadable.startswith("Left out: 4/broken.png (unreadable: ")
    assert unlabelled.startswith("Left out: other.png (neither its folder")
    assert doubted == "2/seven.png: labelled 2, read as 7 (99.9%)"  # and not 100.0%
    assert sheet == "Sheet: check.png"
    with Image.open("check.png") as picture:
        assert np.asarray(picture).std() > 10


def test_where_nothing_is_doubted_there_is_no_sheet(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "my_digits/1", "my_digits/7"])
    assert capsys.readouterr().out == "None of 2 labels is doubted by the network in pretrained.\n"
    assert not Path("check.png").exists()


def test_of_a_folder_of_runs_a_better_one_than_the_newest_is_named(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, error in enumerate(("0.01", "0.02")):
        run = Path(f"runs/version_{number}")
        (run / "checkpoints").mkdir(parents=True)
        shutil.copy(PRETRAINED, run / "checkpoints/best.ckpt")
        (run / "metrics.csv").write_text(f"epoch,val/error\n1,{error}\n")
    main(["check", "my_digits", "--ckpt_path", "runs"])
    assert "runs/version_0 validated better, 1.00% wrong: --ckpt_path " in capsys.readouterr().err


@pytest.mark.slow
def test_wrong_labels_of_rows_are_found_by_networks_that_have_not_seen_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(label_errors, "EPOCHS", 12)
    images, labels = draw(300, seed=1)
    labels[[16, 150]] = torch.tensor([2, 9])
    write_csv("train.csv", images, labels, header=["label", *PIXELS])
    main(["check", "--data", "CSVDataModule", "train.csv"])
    out = capsys.readouterr().out
    assert "\n2 of 300 labels are doubted by confident learning, the worst first:\nrow" in out
    assert {line.rpartition(" (")[0] for line in out.splitlines() if line.startswith("row")} == {
        "row 17: labelled 2, read as 6",
        "row 151: labelled 9, read as 0",
    }


def test_rows_are_read_as_their_options_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(label_errors, "EPOCHS", 1)
    images, labels = draw(300, seed=1)
    labels[::50] = 11
    write_csv("train.csv", images.transpose(1, 2), labels, header=["kind", *PIXELS])
    form = ["--data.label=kind", "--data.classes=12", "--data.transposed=true"]
    main(["check", "--data=CSVDataModule", "train.csv", *form])
    assert "of 300 labels" in capsys.readouterr().out


def test_a_table_in_place_of_pictures_is_told_how_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.csv").write_text("label,pixel0\n7,0\n")
    with pytest.raises(SystemExit, match="no picture has a label"):
        main(["check", "train.csv"])
    assert "Left out: train.csv (unreadable: a table, and no picture: it is read by --data CSVDataModule)" in (
        capsys.readouterr().out
    )


def test_confident_learning_asks_for_as_much_confidence_as_is_usual_for_a_class() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    probabilities = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.05, 0.95], [0.3, 0.7], [0.2, 0.8], [0.45, 0.55]])
    assert find_label_errors(probabilities, labels).tolist() == [2]
    probabilities = torch.tensor([[0.4, 0.6], [0.4, 0.6], [0.6, 0.4], [0.1, 0.9], [0.1, 0.9], [0.47, 0.53]])
    assert find_label_errors(probabilities, labels).tolist() == []  # the last is read as its label, if barely
    labels = torch.tensor([0, 1, 1])  # none is of class 2
    probabilities = torch.tensor([[0.2, 0.1, 0.7], [0.1, 0.8, 0.1], [0.7, 0.1, 0.2]])
    assert find_label_errors(probabilities, labels).tolist() == [2]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "no pictures to check: give a folder"),
        (["my_digits/other.png"], "no picture has a label"),
        (["absent"], "absent does not exist"),
        (["--data=MNISTDataModule", "x"], "--data MNISTDataModule needs no files to check, got 1"),
        (["--data=CSVDataModule"], "--data CSVDataModule needs one file to check, got 0"),
        (["--data=CSVDataModule", "x.csv", "--ckpt_path=best.ckpt"], "--ckpt_path is an option of --data ImageData"),
        (["my_digits", "--data.classes=26"], "--data.classes is an option of --data CSVDataModule"),
        (["my_digits", "--picture=my_digits"], "--picture my_digits is a folder"),
        (["my_digits", "--ckpt_path=absent.ckpt"], "absent.ckpt: there is no such file"),
        (["--data=Images"], "data"),
    ],
)
def test_what_can_not_be_checked_is_one_line(pictures: Path, args: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as info:
        main(["check", *args])
    assert str(info.value.code).startswith("error: ")
    assert message in str(info.value.code)
