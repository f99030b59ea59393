import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from digits.data import ImageDataModule
from digits.data import pictures as images
from digits.data.picture_file import read_picture
from digits.data.pictures import label_of, load_one, picture_names
from digits.errors import InputError
from digits.runs import LOG_ROOT
from tests.helpers import Digits, csv_rows, seven


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two labels by folder, one by name, one unknown; a blank page; three files that can't be read."""
    folder = tmp_path / "pictures"
    for name in ("7/a10.png", "7/a2.png", "1/x.jpg", "7_b.webp", "unknown.gif"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        seven().save(folder / name)
    Image.new("L", (50, 50), 255).save(folder / "7_blank.png")
    (folder / "empty.png").touch()
    (folder / "7/text.png").write_text("no picture")
    (folder / "cut.bmp").write_bytes(b"BM" + bytes(20))
    (folder / "notes.txt").write_text("not even by name")
    (folder / ".hidden.heic").touch()
    return folder


def test_pictures_are_found_in_natural_order(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [str(Path(name).relative_to(pictures)) for name in picture_names(str(pictures))]
    assert names == [
        *("1/x.jpg", "7/a2.png", "7/a10.png", "7/text.png", "7_b.webp", "7_blank.png"),
        *("cut.bmp", "empty.png", "unknown.gif"),
    ]
    sevens = [f"{pictures}/7/{name}" for name in ("a2.png", "a10.png", "text.png")]
    assert picture_names(f"{pictures}/7/*.png") == sevens
    assert len(picture_names(f"{pictures}/**/*.png")) == 5
    assert picture_names(f"{pictures}/notes.txt") == [f"{pictures}/notes.txt"]


def test_the_figures_of_runs_are_no_pictures_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = Path(LOG_ROOT, "mlp", "version_0")
    run.mkdir(parents=True)
    seven().save("a.png")
    seven().save(run / "curves.png")
    assert picture_names(".") == ["a.png"]
    assert picture_names(str(run)) == picture_names(LOG_ROOT) == [str(run / "curves.png")]


def test_hidden_folders_are_left_out_but_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints/7").mkdir(parents=True)
    seven().save(tmp_path / ".ipynb_checkpoints/7/a.png")
    seven().save(tmp_path / "7_a.png")
    assert picture_names(str(tmp_path)) == [str(tmp_path / "7_a.png")]
    assert picture_names(f"{tmp_path}/.ipynb_checkpoints") == [f"{tmp_path}/.ipynb_checkpoints/7/a.png"]


def test_a_folder_that_may_not_be_read_is_warned_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    seven().save(tmp_path / "a.png")
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if path.endswith("mine"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    for _ in range(2):
        assert picture_names(str(tmp_path)) == [str(tmp_path / "a.png")]
    assert capsys.readouterr().err == f"warning: {tmp_path}/mine is left out: Permission denied\n"


def test_no_pictures_is_an_error(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, reason in [("empty", "has no pictures"), ("absent", "does not exist"), ("*.nothing", "fits no file")]:
        with pytest.raises(InputError, match=reason):
            picture_names(str(tmp_path / path))
    with pytest.raises(InputError, match="download it first"):
        picture_names("https://example.org/7.png")


def test_a_folder_that_is_called_like_the_start_of_an_address_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scans:").mkdir()
    Path("scans:/7.png").touch()
    for path in ("scans:/7.png", "scans:/", "scans:/*.png"):
        assert picture_names(path) == ["scans:/7.png"]


def test_pictures_under_all_their_usual_names_are_found_or_named(tmp_path: Path) -> None:
    for name in ("a.JFIF", "b.jpe", "c.apng", "d.dib", "e.ppm"):
        seven().save(tmp_path / name, "PPM" if name == "e.ppm" else "PNG")
    unread = "unreadable: PPM is not read (save it as JPEG or PNG)"
    assert [images.load_one(Path(file))[0][1] for file in picture_names(str(tmp_path))] == [*[""] * 4, unread]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("7/a.png", 7),
        ("3_x.png", 3),
        ("3-x.png", 3),
        ("3 x.png", 3),
        ("2024-1.png", -1),
        ("3.png", -1),
        ("77/a.png", -1),
    ],
)
def test_labels_come_from_folders_and_names(path: str, label: int) -> None:
    assert label_of(Path(path)) == label


def test_predictions_tell_what_each_file_is(trained: Digits, refused: Digits, pictures: Path) -> None:
    trained()
    message = refused(
        *("predict", "--name=MLP", "--data=ImageDataModule", f"--data.path={pictures}"),
        *("--predictions.path=out.csv", "--predictions.picture=out.png"),
    )
    assert "3 of the files could not be read" in message
    rows = {row["id"]: row for row in csv_rows("out.csv")}
    assert list(rows) == [str(Path(name).relative_to(pictures)) for name in picture_names(str(pictures))]
    for name in ("7/a2.png", "1/x.jpg", "unknown.gif"):
        assert rows[name]["prediction"] in set("0123456789")
        assert rows[name]["p0"]
    assert {name: row["target"] for name, row in rows.items() if row["target"]} == {
        **dict.fromkeys(["7/a2.png", "7/a10.png", "7/text.png", "7_b.webp", "7_blank.png"], "7"),
        "1/x.jpg": "1",
    }
    notes = {name: row["note"] for name, row in rows.items() if not row["prediction"]}
    assert notes["7_blank.png"] == "blank"
    assert notes["empty.png"] == "unreadable: empty file"
    assert notes["7/text.png"] == "unreadable: not a picture of a known format"
    assert notes["cut.bmp"].startswith("unreadable: ")
    assert len(notes) == 4
    with Image.open("out.png") as sheet:
        assert sheet.width > 1000


def test_nothing_that_was_computed_is_lost_to_an_unreadable_file(
    trained: Digits, refused: Digits, pictures: Path, tmp_path: Path
) -> None:
    trained()
    elsewhere = tmp_path / "elsewhere.ckpt"
    Path("lightning_logs/MLP/version_0/checkpoints/best.ckpt").rename(elsewhere)
    data = (f"--ckpt_path={elsewhere}", "--name=mine", "--data=ImageDataModule", f"--data.path={pictures}")
    assert "could not be read" in refused("predict", *data)
    assert len(Path("lightning_logs/mine/version_0/predictions.csv").read_text().splitlines()) == 10


def test_pictures_of_several_digits_are_counted_as_such(
    pictures: Path, refused: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    both = Image.new("L", (300, 150), 235)
    for left in (0, 150):
        both.paste(seven(), (left, 10))
    both.save(pictures / "77.png")
    refused("predict", "--ckpt_path=pretrained", "--data=ImageDataModule", f"--data.path={pictures}")
    out = capsys.readouterr().out
    assert "10 pictures: 5 predicted, 1 without a digit, 1 of several digits, 3 unreadable" in out
    assert "--data.multiple_digits true" in out


def test_a_submission_has_no_row_of_what_has_no_prediction(
    pictures: Path, refused: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--ckpt_path=pretrained", "--data=ImageDataModule", f"--data.path={pictures}")
    message = refused("predict", *data, "--predictions.format=kaggle", "--predictions.path=out.csv")
    assert "no prediction, and so no row, for 4 of them" in message
    assert [row["ImageId"] for row in csv_rows("out.csv")] == ["1", "2", "3", "5", "9"]
    assert "Left out: 7_blank.png (blank)" in capsys.readouterr().out


def test_the_contact_sheet_is_on_tensorboard(digits: Digits, trained: Digits, pictures: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained()
    digits(
        *("predict", "--name=MLP", "--data=ImageDataModule", f"--data.path={pictures}/7/a2.png"),
        "--predictions.picture=sheet/out.png",
    )
    events = EventAccumulator(str(tmp_path / "lightning_logs/MLP/version_0"))
    events.Reload()
    with Image.open("sheet/out.png") as sheet:
        assert events.Images("predictions")[0].width == sheet.width


def test_labelled_pictures_are_scored(digits: Digits, trained: Digits, pictures: Path) -> None:
    trained()
    for name in ("empty.png", "cut.bmp", "7/text.png"):
        (pictures / name).unlink()
    out = digits("test", "--name=MLP", "--data=ImageDataModule", f"--data.path={pictures}")
    assert "on 4 images" in out
    table = [line.split() for line in out.splitlines() if line.strip()[:1] in ("1", "7")]
    assert {row[0]: int(row[1]) for row in table} == {"1": 1, "7": 3}


def test_unlabelled_pictures_are_not_scored(trained: Digits, refused: Digits, pictures: Path) -> None:
    trained()
    message = refused("test", "--name=MLP", "--data=ImageDataModule", f"--data.path={pictures}/unknown.gif")
    assert "no image has a label" in message


def test_without_preparation_pictures_are_only_resized(pictures: Path) -> None:
    data = ImageDataModule(str(pictures / "7/a2.png"), prepare=False)
    data.setup("predict")
    assert data.predict.images[0, 0, 0] == 235
    prepared = ImageDataModule(str(pictures / "7/a2.png"))
    prepared.setup("predict")
    assert prepared.predict.images[0, 0, 0] == 0


@pytest.mark.parametrize("mode", ["L", "I;16", "F", "LA"])
def test_without_preparation_a_picture_of_any_mode_is_made_grey(mode: str) -> None:
    levels = (np.arange(784) % 256).reshape(28, 28)
    clear = Image.new("L", (28, 28), 255)
    clear.putalpha(Image.fromarray(levels.astype(np.uint8)))
    picture = {
        "L": Image.fromarray(levels.astype(np.uint8)),
        "I;16": Image.fromarray((257 * levels).astype(np.uint16)),
        "F": Image.fromarray((levels / 255).astype(np.float32)),
        "LA": clear,
    }[mode]
    ((image, note, _),) = load_one(picture, prepare=False)
    assert note == ""
    assert np.abs(image.astype(int) - levels).max() <= 1


def test_many_files_are_read_by_processes_with_the_same_result(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = ImageDataModule(str(pictures)), ImageDataModule(str(pictures))
    few.setup("predict")
    assert few.predict.ids  # loaded by this process
    monkeypatch.setattr("digits.data.images.useful_workers", lambda files: 2)
    many.setup("predict")
    assert torch.equal(few.predict.images, many.predict.images)
    assert few.predict.notes == many.predict.notes
    assert few.predict.ids == many.predict.ids


def test_images_can_be_trained_on(pictures: Path) -> None:
    data = ImageDataModule(str(pictures), val_size=1, batch_size=2)
    data.setup("fit")
    assert sorted(torch.cat([labels for _, labels in data.train_dataloader()]).tolist())[-1] == 7
    assert len(data.train) + len(data.val) == 4


def test_a_picture_that_needs_too_much_memory_has_a_note_and_the_others_are_read(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(file: Path) -> Image.Image:
        if file.suffix == ".webp":
            np.empty(1 << 60, np.uint8)
        return read_picture(file)

    monkeypatch.setattr(images, "read_picture", read)
    data = ImageDataModule(str(pictures))
    data.setup("predict")
    assert data.predict.notes is not None
    notes = dict(zip(data.predict.ids, data.predict.notes, strict=True))
    assert notes["7_b.webp"] == "unreadable: there is not enough memory for it"
    assert notes["7/a2.png"] == notes["unknown.gif"] == ""


def test_pictures_that_are_not_scored_are_named(digits: Digits) -> None:
    for name, picture in {"7/a.png": seven(), "7/blank.png": Image.new("L", (60, 60), 240), "who.png": seven()}.items():
        (path := Path("mine", name)).parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    out = digits("test", "--ckpt_path=pretrained", "--data=ImageDataModule", "--data.path=mine")
    assert "on 1 image\n" in out
    assert "7/blank.png (blank)\n" in out
    assert "who.png (neither its folder nor its name says which digit it is, as 7/ or 7_a.png do)\n" in out
