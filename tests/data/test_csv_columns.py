"""Which column is the label: found by the header or by the values, or refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from digits.data import CSVDataModule
from digits.data.csv import read_csv
from digits.errors import InputError
from tests.helpers import Digits, draw, prepare, write_csv, written

PIXELS = [f"pixel{i}" for i in range(784)]
CENTRED = torch.nn.functional.pad(torch.ones(26, 26, dtype=torch.uint8), (1, 1, 1, 1))


def digits_like(n: int) -> tuple[Tensor, Tensor]:
    """Images whose edges are empty, as MNIST's are."""
    images, labels = draw(n, seed=2)
    return images * CENTRED, labels


@pytest.mark.parametrize("at", [0, 784, 300])
@pytest.mark.parametrize("name", ["label", "Label", " LABEL ", "class", "Target", "y", "digit"])
def test_the_label_may_stand_anywhere_under_its_usual_names(tmp_path: Path, at: int, name: str) -> None:
    images, labels = digits_like(30)
    read = read_csv(write_csv(tmp_path / "x.csv", images, labels, at, [*PIXELS[:at], name, *PIXELS[at:]]))
    assert torch.equal(read[0], images)
    assert read[1] is not None
    assert torch.equal(read[1], labels)


@pytest.mark.parametrize("header", [["label", *PIXELS], None])
def test_there_may_be_more_classes_than_ten(digits: Digits, header: list[str] | None) -> None:
    images = digits_like(52)[0]
    labels = torch.arange(52) % 26
    write_csv(Path("train.csv"), images, labels, 0, header)
    csv = ("--data=CSVDataModule", "--data.classes=26")
    fit = ("--model=MLP", "--model.hidden=[8]", "--trainer.max_epochs=1", "--pictures=false")
    out = digits("fit", *fit, *csv, "--data.train=train.csv", "--data.val_size=0")
    assert "has a new last layer" not in out
    assert "on 52 images" in digits("test", "--name=MLP", *csv, "--data.test=train.csv")
    digits("predict", "--name=MLP", *csv, "--data.predict=train.csv", "--predictions.path=out.csv")
    header_line, *rows = Path("out.csv").read_text().splitlines()
    assert header_line.endswith(",p25,target")
    assert [int(row.rpartition(",")[2]) for row in rows] == labels.tolist()


@pytest.mark.parametrize("classes", [1, 257])
def test_as_many_classes_as_a_byte_holds(classes: int) -> None:
    with pytest.raises(InputError, match=f"--data.classes must be a whole number from 2 to 256, got {classes}"):
        CSVDataModule(classes=classes)


@pytest.mark.parametrize("at", [0, 784])
@pytest.mark.parametrize("numbered", [None, 0, 1])
@pytest.mark.parametrize("n", [1, 8, 2050])
def test_without_names_the_values_tell_whether_the_label_is_first_or_last(
    tmp_path: Path, at: int, numbered: int | None, n: int
) -> None:
    images, labels = digits_like(n)
    labels = labels.roll(3).sort().values if n > 10 else labels + 1  # also if the first thousand rows are all zeros
    header = None if numbered is None else [str(i + numbered) for i in range(785)]  # as pandas names columns
    read = read_csv(write_csv(tmp_path / "x.csv", images, labels, at, header))
    assert torch.equal(read[0], images)
    assert read[1] is not None
    assert torch.equal(read[1], labels)


def test_what_the_values_do_not_tell_is_refused_and_may_be_said(tmp_path: Path) -> None:
    images, labels = digits_like(40)
    images[:, -1, -1] = (labels + 4) % 10
    path = write_csv(tmp_path / "x.csv", images, labels)
    with pytest.raises(
        InputError, match=r"whether the first or the last column is the label: say so by --data\.label 1"
    ):
        read_csv(path)
    for label in (1, "1"):
        read = read_csv(path, label)
        assert torch.equal(read[0], images)
    images[:, -1, -1], labels[2] = 200, 10
    with pytest.raises(InputError, match=r'line 3, column 1: "10" .* from 0 to 9, and no more are'):
        read_csv(write_csv(path, images, labels))
    with pytest.raises(InputError, match=r'line 3, column 1: "10" .* from 0 to 9: --data.classes'):
        read_csv(path, 1)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (["answer", *PIXELS], 'column 1, "answer", may be the label: say so by --data.label answer'),
        ([*PIXELS, "the answer"], 'column 785, "the answer", may be the label: say so by --data.label 785'),
        (["", *PIXELS], 'column 1, "", seems to number the rows: leave it out, or say by --data.label 1 that'),
        ([*PIXELS, ""], 'column 785, "", is what follows the last comma: leave it out, or say by --data.label 785'),
        (["label", *PIXELS[1:], "class"], 'column 1, "label", or column 785, "class", may be the label'),
        ([f"n{i}" for i in range(785)], "none of 785 columns is called label: give its name, or number, by --data.lab"),
        (["label", *PIXELS[1:]], '784 columns, of which "label" is no pixel'),
        (["", "label", *PIXELS], '786 columns, where there should be 784 pixels, .*: leave out column 1, ""$'),
        (["label", *PIXELS, "file"], 'with or without a label: leave out column 786, "file"$'),
        (["id", *PIXELS, "file"], 'with or without a label: leave out column 1, "id" and column 786, "file"$'),
        (["label", *PIXELS, "pixel784"], "786 columns, where there should be 784 pixels, with or without a label$"),
    ],
)
def test_headers_that_do_not_tell_it(tmp_path: Path, header: list[str], reason: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(",".join(header) + "\n" + ",".join("0" * len(header)) + "\n")
    with pytest.raises(InputError, match=rf"x\.csv, line 1: .*{reason}") as info:
        read_csv(path)
    assert len(str(info.value)) < 400


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", *digits_like(5), 0, ["answer", *PIXELS])
    assert read_csv(path, "Answer")[1] is not None
    for label in ("reply", 0, 786, -1):
        with pytest.raises(InputError, match=f'no column "{label}", which --data.label names, among its 785'):
            read_csv(path, label)


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), (" ", "spaces")])
def test_other_separators_are_named(tmp_path: Path, separator: str, name: str) -> None:
    path = write_csv(tmp_path / "x.csv", *digits_like(5))
    path.write_text(path.read_text().replace(",", separator))
    with pytest.raises(InputError, match=f"separated by {name}: commas are read"):
        read_csv(path)


def test_an_option_of_the_command_line_names_the_label(digits: Digits, refused: Digits) -> None:
    write_csv(Path("x.csv"), *digits_like(200), 784, [*PIXELS, "answer"])
    fit = ("fit", "--model=MLP", "--trainer.max_epochs=1", "--pictures=false", "--data=CSVDataModule")
    assert "--data.label answer" in refused(*fit, "--data.train=x.csv")
    assert not list(Path().rglob("version_*"))
    digits(*fit, "--data.train=x.csv", "--data.label=answer")
    out = digits("test", "--name=MLP", "--data=CSVDataModule", "--data.test=x.csv", "--data.label=785")
    assert "on 200 images" in out


def test_labels_that_are_all_the_same_are_remarked_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, labels = digits_like(120)
    for given, told in ((labels, ""), (labels * 0 + 3, "all 120 training images have the label 3")):
        path = write_csv(tmp_path / "x.csv", images, given, 0, ["label", *PIXELS])
        CSVDataModule(train=str(path), val_size=20).setup("fit")
        said = capsys.readouterr().err
        assert told in said
        assert bool(said) == bool(told)


def test_digits_that_lie_on_their_side_are_refused(tmp_path: Path) -> None:
    upright = torch.stack([torch.from_numpy(np.asarray(prepare(written(str(i % 10))))) for i in range(20)])
    labels = torch.arange(20) % 10
    for images, name in ((upright, "up.csv"), (upright.transpose(1, 2), "side.csv")):
        write_csv(tmp_path / name, images.contiguous(), labels)
    assert torch.equal(CSVDataModule(test=str(tmp_path / "up.csv")).load("test").images, upright)
    with pytest.raises(InputError, match=r"side\.csv lie on their side, .*: give --data\.transposed true, or false"):
        CSVDataModule(test=str(tmp_path / "side.csv")).load("test")
    turned = CSVDataModule(test=str(tmp_path / "side.csv"), transposed=True).load("test")
    assert torch.equal(turned.images, upright)
    left = CSVDataModule(test=str(tmp_path / "side.csv"), transposed=False).load("test")
    assert torch.equal(left.images, upright.transpose(1, 2))


def test_pixels_whose_names_are_out_of_order_are_refused(tmp_path: Path) -> None:
    images, labels = digits_like(5)
    grid = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
    for names in (grid, [f"{column}x{row}" for row in range(1, 29) for column in range(1, 29)]):
        assert torch.equal(read_csv(write_csv(tmp_path / "x.csv", images, labels, 0, ["label", *names]))[0], images)
    for at, names in ((None, PIXELS[::-1]), (0, ["label", *PIXELS[::-1]])):
        with pytest.raises(InputError, match=r'"pixel783" stands before "pixel782": sort the columns'):
            read_csv(write_csv(tmp_path / "x.csv", images, None if at is None else labels, at or 0, names))


def test_dark_ink_on_light_paper_is_remarked_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, labels = digits_like(20)
    for given, told in ((images // 2, ""), (255 - images // 2, "are mostly light: MNIST")):
        write_csv(tmp_path / "x.csv", given, labels, 0, ["label", *PIXELS])
        CSVDataModule(test=str(tmp_path / "x.csv"), transposed=False).setup("test")
        said = capsys.readouterr().err
        assert told in said
        assert bool(said) == bool(told)


@pytest.mark.parametrize("header", [["id", *PIXELS], [*PIXELS, "ImageId"], ["", *PIXELS], ["", *map(str, range(784))]])
def test_a_column_that_numbers_the_rows_is_no_label(tmp_path: Path, header: list[str]) -> None:
    images, _ = digits_like(20)
    at = len(header) - 1 if header[0] == "pixel0" else 0
    path = write_csv(tmp_path / "x.csv", images, torch.arange(20), at, header)
    with pytest.raises(InputError, match=f"column {at + 1}, .* seems to number the rows: leave it out"):
        read_csv(path)


@pytest.mark.parametrize("rows", [2, 2000])
def test_line_ends_of_another_kind_are_named(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes((",".join(["label", *PIXELS]) + "\r" + rows * (",".join("0" * 785) + "\r")).encode())
    with pytest.raises(InputError, match=r"x\.csv: its lines end with CR alone: save it with LF"):
        read_csv(path)


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str, mark: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes((mark + ",".join(["label", *PIXELS]) + "\n" + ",".join("0" * 785) + "\n").encode(encoding))
    with pytest.raises(InputError, match=r"x\.csv is in UTF-16: save it as UTF-8"):
        read_csv(path)
