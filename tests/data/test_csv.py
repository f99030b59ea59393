import gzip
import zipfile
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer
from torch import Tensor

from digits.data import CSVDataModule
from digits.data.csv import read_csv
from digits.data.csv_stream import survey
from digits.errors import InputError
from digits.models import MLP
from tests.helpers import Digits, csv_rows, draw

KAGGLE = ["label", *(f"pixel{i}" for i in range(784))]
MNIST_IN_CSV = ["label", *(f"{i}x{j}" for i in range(1, 29) for j in range(1, 29))]


def rows(images: Tensor, labels: Tensor | None) -> list[list[int]]:
    pixels = images.view(-1, 784).tolist()
    return pixels if labels is None else [[n, *row] for n, row in zip(labels.tolist(), pixels, strict=True)]


def text(header: list[str] | None, table: list[list[int]], end: str = "\n") -> str:
    lines = [",".join(header)] if header else []
    return "".join(line + end for line in [*lines, *(",".join(map(str, row)) for row in table)])


@pytest.mark.parametrize("header", [KAGGLE, MNIST_IN_CSV, None])
@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [True, False])
def test_csv_in_every_form(tmp_path: Path, header: list[str] | None, labelled: bool, end: str, bom: bool) -> None:
    images, labels = draw(13, seed=3)
    names = header if labelled or not header else header[1:]
    content = text(names, rows(images, labels if labelled else None), end).encode("utf-8-sig" if bom else "utf-8")
    plain, gzipped, zipped = (tmp_path / name for name in ("x.csv", "x.csv.gz", "x.zip"))
    plain.write_bytes(content)
    gzipped.write_bytes(gzip.compress(content))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("train.csv", content)
    for path in (plain, gzipped, zipped):
        read_images, read_labels = read_csv(path)
        assert torch.equal(read_images, images)
        assert (read_labels is None) == (not labelled)
        assert read_labels is None or torch.equal(read_labels, labels)


def test_what_is_wrong_is_named_with_line_and_column(tmp_path: Path) -> None:
    images, labels = draw(5, seed=3)
    good = rows(images, labels)

    def fault(change: str, header: list[str] | None = KAGGLE) -> str:
        path = tmp_path / "x.csv"
        table = [list(map(str, row)) for row in good]
        match change:
            case "short":
                table[2].pop()
            case "one":
                table[2] = ["0"]
            case "long":
                table[2].append("0")
            case "empty value":
                table[2][5] = ""
            case "label":
                table[4][0] = "10"
            case _:
                table[2][5] = change
        path.write_text(text(header, table))  # type: ignore[arg-type]
        with pytest.raises(InputError) as info:
            read_csv(path)
        return str(info.value).removeprefix(f"{path}")

    assert fault("256") == ', line 4, column pixel4: "256" is no whole number from 0 to 255'
    assert fault("-1") == ', line 4, column pixel4: "-1" is no whole number from 0 to 255'
    assert fault("0.5").startswith(', line 4, column pixel4: "0.5" is no whole number from 0 to 255: multiply')
    assert fault("ink", None) == ', line 3, column 6: "ink" is no whole number from 0 to 255'
    assert fault("empty value") == ', line 4, column pixel4: "" is no whole number from 0 to 255'
    assert fault("label").startswith(', line 6, column label: "10" is no whole number from 0 to 9: --data.classes')
    assert fault("short") == ", line 4: 784 columns, where line 1 has 785"
    assert fault("one") == ", line 4: 1 column, where line 1 has 785"
    assert fault("long") == ", line 4: 786 columns, where line 1 has 785"


@pytest.mark.parametrize("header", [KAGGLE, None])
def test_blank_and_long_lines_are_named(tmp_path: Path, header: list[str] | None) -> None:
    path = tmp_path / "x.csv"
    table = rows(*draw(3, seed=3))
    lines = text(header, table).splitlines()
    path.write_text("\n".join([*lines, "", " ", ""]))
    assert len(read_csv(path)[0]) == 3  # at the end they do no harm
    path.write_text("\n".join([*lines[:2], "", " ", *lines[2:]]))
    with pytest.raises(InputError, match="line 3: the line is blank"):
        read_csv(path)
    path.write_text("\n".join([*lines[:2], "0," * 70_000]))
    with pytest.raises(InputError, match="line 3: the line is longer than 65,536 bytes"):
        read_csv(path)
    path.write_text("0," * 70_000)
    with pytest.raises(InputError, match="line 1: the line is longer than 65,536 bytes"):
        read_csv(path)


@pytest.mark.parametrize("around", ["{}", " {}", "{} ", '"{}"', "0{}"])
def test_numbers_may_stand_among_spaces_and_in_quotes(tmp_path: Path, around: str) -> None:
    images, labels = draw(3, seed=3)
    lines = [",".join(around.format(value % 100) for value in row) for row in rows(images, labels)]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    assert torch.equal(read_csv(tmp_path / "x.csv")[0], images % 100)


@pytest.mark.parametrize("form", ["{}.0", "{}.", "{:.18e}", '"{}.00"', " {}.0"])
def test_whole_numbers_may_have_a_point(tmp_path: Path, form: str) -> None:
    images, labels = draw(9, seed=3)
    for header in (KAGGLE, None):
        table = [[form.format(value) for value in row] for row in rows(images, labels)]
        (tmp_path / "x.csv").write_text(text(header, table))  # type: ignore[arg-type]
        read, found = read_csv(tmp_path / "x.csv")
        assert torch.equal(read, images)
        assert found is not None
        assert torch.equal(found, labels)
        assert survey(tmp_path / "x.csv", None).columns.label == 0


def test_pixels_from_0_to_1_are_refused_with_the_remedy(digits: Digits, refused: Digits, tmp_path: Path) -> None:
    images, labels = draw(9, seed=3)
    for name, values in {"half.csv": images / 255, "bits.csv": (images > 127).int()}.items():
        table = [[label, *row] for label, row in zip(labels.tolist(), values.view(-1, 784).tolist(), strict=True)]
        (tmp_path / name).write_text(text(KAGGLE, table))
        for option in ("test", "predict"):
            message = refused(option, "--ckpt_path=pretrained", "--data=CSVDataModule", f"--data.{option}={name}")
            assert "by 255" in message


@pytest.mark.parametrize("value", ["7.5", "2.56e2", "1e400", "-1.0", "0x7", "٣", "7 7", "nan", "#7", "1_0"])
def test_other_numbers_are_refused(tmp_path: Path, value: str) -> None:
    table = [list(map(str, row)) for row in rows(*draw(3, seed=3))]
    table[1][8] = value
    (tmp_path / "x.csv").write_text(text(KAGGLE, table), encoding="utf-8")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"line 3, column pixel7: .* is no whole number from 0 to 255"):
        read_csv(tmp_path / "x.csv")


def test_what_is_wrong_far_down_is_named_with_its_line(tmp_path: Path) -> None:
    good = "0," * 783 + "0\n"
    (tmp_path / "x.csv").write_text(good * 2500 + "0," * 783 + "256\n")
    with pytest.raises(InputError, match="line 2501, column 784"):
        read_csv(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (",".join(KAGGLE), "has no rows"),
        ("1,2,3\n", "3 columns, where there should be 784 pixels"),
        ("PAR1\x15\x04", "is a Parquet file: save it as a CSV file"),
        ("PK\x03\x04", "is a ZIP archive or a spreadsheet"),
    ],
)
def test_files_that_are_no_images(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=reason):
        read_csv(path)


def test_damaged_and_missing_files(tmp_path: Path) -> None:
    for name in ("x.csv.gz", "x.zip"):
        path = tmp_path / name
        path.write_bytes(b"nonsense")
        with pytest.raises(InputError, match="is damaged"):
            read_csv(path)
    with pytest.raises(InputError, match="no such file"):
        read_csv(tmp_path / "absent.csv")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "")
        archive.writestr("b.csv", "")
    with pytest.raises(InputError, match=r"holds 2 CSV files \(a\.csv, b\.csv\)"):
        read_csv(tmp_path / "two.zip")


def test_kaggle_from_two_files_to_a_submission(digits: Digits, refused: Digits, tmp_path: Path) -> None:
    train, test = draw(200, seed=1), draw(50, seed=2)
    Path("train.csv").write_text(text(KAGGLE, rows(*train)))
    Path("test.csv").write_text(text(KAGGLE[1:], rows(test[0], None)))
    data = ("--data=CSVDataModule", "--name=kaggle")
    fit = ("--model=MLP", "--model.hidden=[64]", "--model.lr=0.01", "--trainer.max_epochs=5")
    out = digits("fit", *fit, *data, "--data.train=train.csv", "--data.val_size=0")
    assert "Next: digits predict --name kaggle --data CSVDataModule --data.predict test.csv" in out
    out = digits("predict", *data, "--data.predict=test.csv", "--predictions.format=kaggle", "--predictions.path=s.csv")
    assert "Predictions: s.csv" in out
    parquet = ("--data.predict=test.csv", "--predictions.format=kaggle", "--predictions.path=s.parquet")
    assert "--predictions.path s.parquet: Kaggle takes a CSV file" in refused("predict", *data, *parquet)
    submission = csv_rows("s.csv")
    assert [row["ImageId"] for row in submission] == [str(i) for i in range(1, 51)]
    right = sum(int(row["Label"]) == label for row, label in zip(submission, test[1].tolist(), strict=True))
    assert right >= 45

    Path("labelled.csv").write_text(text(KAGGLE, rows(*test)))
    assert f"accuracy {right / 50:.2%}" in digits("test", *data, "--data.test=labelled.csv")
    assert "test.csv has no labels" in refused("test", *data, "--data.test=test.csv")
    assert "--data.predict FILE.csv is missing" in refused("predict", *data)


def test_mean_and_deviation_are_those_of_the_training_images_and_stay_with_the_model(digits: Digits) -> None:
    images, labels = draw(200, seed=1)
    Path("train.csv").write_text(text(KAGGLE, rows(images, labels)))
    digits("fit", "--model=MLP", "--trainer.max_epochs=1", "--data=CSVDataModule", "--data.train=train.csv")
    known = torch.load("lightning_logs/MLP/version_0/checkpoints/best.ckpt", weights_only=True)["data"]
    assert known["mean"] == pytest.approx((images / 255).mean().item(), abs=1e-4)
    assert known["std"] == pytest.approx((images / 255).std().item(), abs=1e-4)
    data = CSVDataModule(train="train.csv", val_size=0)
    data.setup("fit")
    x, _ = data.on_after_batch_transfer(data.train[torch.arange(len(data.train))], 0)
    assert abs(x.mean()) < 1e-2
    assert abs(x.std() - 1) < 1e-2


def test_validating_on_other_images_scales_them_as_the_model_was_trained(digits: Digits) -> None:
    images, labels = draw(200, seed=1)
    Path("train.csv").write_text(text(KAGGLE, rows(images, labels)))
    Path("pale.csv").write_text(text(KAGGLE, rows(images // 4, labels)))
    digits("fit", "--model=MLP", "--trainer.max_epochs=3", "--data=CSVDataModule", "--data.train=train.csv")
    data = CSVDataModule(train="pale.csv", val_size=60)
    network = MLP.load_from_checkpoint("lightning_logs/MLP/version_0/checkpoints/best.ckpt", weights_only=True)
    known = network.trained_on
    Trainer(logger=False, accelerator="cpu", enable_progress_bar=False).validate(network, data, verbose=False)
    assert known is not None
    assert network.trained_on == known
    assert data.mean < known.mean / 2
    torch.testing.assert_close(data.normalize(images), (images[:, None] / 255 - known.mean) / known.std)
