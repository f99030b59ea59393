"""`digits predict PICTURE …`: the answer at once."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from digits import load
from digits.__main__ import main, with_pictures
from tests.helpers import ROOT, csv_rows, seven, written


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a 7, a page of two lines, a blank page and a broken file."""
    monkeypatch.chdir(tmp_path)
    Path("scans").mkdir()
    seven(200, 14).save("scans/7_a.png")
    page = Image.new("L", (700, 460), 235)
    for text, top in (("327", 20), ("54", 240)):
        for i, digit in enumerate(text):
            left = 60 + 110 * i
            page.paste(written(digit, 160, 12, 20, 235).crop((30, 0, 130, 160)), (left, top))
    page.save("page.png")
    Image.new("L", (80, 80), 250).save("blank.png")


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())


def test_it_prints_what_each_picture_says(capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", "scans", "page.png", "blank.png", "*.png"])
    lines = said(capsys)
    assert list(lines) == ["scans/7_a.png", "page.png", "blank.png"]  # each once
    assert lines["scans/7_a.png"].startswith("7 (9")
    assert lines["page.png"].split(" (")[0].replace(" ", "") == "327/54"
    assert lines["blank.png"] == "no digit (blank)"
    assert not Path("lightning_logs").exists()
    assert not list(Path().glob("*.csv"))


def test_a_name_that_looks_like_an_option_is_told_how_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    Path("page.png").rename("-page.png")
    with pytest.raises(SystemExit) as info:
        main(["predict", "-page.png"])
    assert "unrecognized arguments: -page.png: the file is given as ./-page.png" in str(info.value.code)
    main(["predict", "./-page.png"])
    assert list(said(capsys)) == ["-page.png"]


def test_a_broken_file_is_named_and_the_others_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("scans/broken.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(SystemExit) as info:
        main(["predict", "scans"])
    assert "1 of 2 files could not be read" in str(info.value.code)
    lines = said(capsys)
    assert lines["scans/7_a.png"].startswith("7")
    assert lines["scans/broken.png"].startswith("unreadable: ")


def test_a_picture_of_another_format_and_a_further_page_are_not_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("scans/IMG_1.HEIC").write_bytes(bytes(50))
    Path("scans/Ada.zip").write_bytes(b"PK\3\4" + bytes(50))
    seven().save("scans/8.tif", save_all=True, append_images=[seven()])
    with pytest.raises(SystemExit, match="2 of 4 files could not be read; their lines say why"):
        main(["predict", "scans"])
    lines = said(capsys)
    assert lines["scans/IMG_1.HEIC"] == "unreadable: HEIC is not read (save it as JPEG or PNG)"
    assert lines["scans/Ada.zip"] == "unreadable: an archive, and no picture: unpack it"
    assert lines["scans/8.tif"].endswith("; only the first page is read")


def test_one_missing_name_refuses_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    with pytest.raises(SystemExit) as info:
        main(["predict", "absent.png", "scans", "*.nothing", "empty", "--output=out.csv"])
    assert "3 of 4 files could not be read" in str(info.value.code)
    lines = said(capsys)
    assert lines["scans/7_a.png"].startswith("7")
    assert lines["absent.png"] == "unreadable: No such file or directory"
    assert lines["empty"] == "unreadable: a folder, and no picture"
    assert len(Path("out.csv").read_text().splitlines()) == 5


@pytest.mark.parametrize(
    "args",
    [
        ["--output", "out.csv", "scans"],
        ["--tta", "false", "scans", "--output=out.csv"],
        ["--output=out.csv", "--", "scans"],
        ["scans", "--output", "out.csv", "blank.png"],
    ],
)
def test_options_stand_where_they_like(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", *args])
    assert said(capsys)["scans/7_a.png"].startswith("7")
    assert Path("out.csv").is_file()


@pytest.mark.parametrize("name", ["out.xlsx", "out.json", "out.csv.gz"])
def test_a_table_of_another_format_is_refused(name: str) -> None:
    with pytest.raises(SystemExit, match=r"must end in \.csv or \.parquet"):
        main(["predict", "scans", f"--output=new/{name}"])
    assert not Path("new").exists()


def test_names_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[31m\nb\u202egnp.é 1.png"
    Path("scans/7_a.png").rename(name)
    main(["predict", name])
    assert capsys.readouterr().out.startswith("a\\x1b[31m\\nb\\u202egnp.é 1.png: 7 (")


def test_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", "--json", "scans", "page.png", "blank.png", "--output=out.csv"])
    one, page, blank = map(json.loads, capsys.readouterr().out.splitlines())
    assert (one["text"], one["note"]) == ("7", "")
    assert [digit["text"] for digit in page["digits"]] == list("32754")
    assert (blank["text"], blank["confidence"], blank["digits"]) == ("", None, [])
    rows = csv_rows("out.csv")
    assert [(row["id"], row["prediction"]) for row in rows] == [
        ("scans/7_a.png", "7"),
        *(("page.png", digit) for digit in "32754"),
        ("blank.png", ""),
    ]
    assert float(rows[0]["confidence"]) == pytest.approx(one["confidence"])
    assert sum(float(rows[0][f"p{i}"]) for i in range(10)) == pytest.approx(1, abs=1e-5)


def test_a_picture_comes_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("scans/7_a.png").read_bytes())))
    main(["predict", "-"])
    assert capsys.readouterr().out.startswith("-: 7 (")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("--ckpt_path=lightning_logs", "holds folders of runs: give one, such as lightning_logs/mlp"),
        ("--ckpt_path best", "give its folder, such as lightning_logs/mlp"),
        ("--ckpt_path mlp", "did you mean lightning_logs/mlp?"),
        ("--ckpt_path pretraind", "did you mean pretrained?"),
        ("--config mlp", "--config doesn't go with PICTURE: give the run's folder"),
        ("--predictions.path=p.csv", "--predictions.path doesn't go with PICTURE: give the pictures by --data"),
    ],
)
def test_who_names_the_network_or_the_options_otherwise_is_told_how(args: str, says: str) -> None:
    path = Path("lightning_logs/mlp/version_0/checkpoints/best.ckpt")
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(SystemExit) as info:
        main(["predict", "scans", *args.split()])
    assert says in str(info.value.code)


@pytest.mark.parametrize(
    "args",
    [["absent.png"], ["scans", "--ckpt_path=absent.ckpt"], ["scans", "--outptu=x.csv"], ["scans", "--outp=x.csv"]],
)
def test_what_is_wrong_is_said_in_a_line(args: list[str]) -> None:
    with pytest.raises(SystemExit) as info:
        main(["predict", *args])
    message = str(info.value.code)
    assert message.startswith("error: ")
    assert args[-1].partition("=")[0].strip("-") in message or "absent" in message
    assert "\n" not in message


def test_from_python_the_same() -> None:
    reading = load("pretrained").read("page.png")
    assert [piece.text for piece in reading.pieces] == list("32754")
    assert [piece.box.line for piece in reading.pieces] == [0, 0, 0, 1, 1]
    assert reading.text.replace(" ", "") == "327\n54"
    assert 0 < reading.confidence <= 1


def test_test_takes_pictures_in_the_same_way() -> None:
    assert with_pictures(["test", "a", "b", "--tta=true"]) == [
        "test",
        "--ckpt_path=pretrained",
        "--data=ImageDataModule",
        '--data.path=["a", "b"]',
        "--tta=true",
    ]
    assert "--ckpt_path=pretrained" not in with_pictures(["test", "a", "--config=mlp"])
    assert with_pictures(["test", "--tta", "true", "a"])[-3:] == ['--data.path=["a"]', "--tta", "true"]
    assert with_pictures(["test", "--config", "mlp"]) == ["test", "--config", "mlp"]


def test_a_digit_of_loose_parts_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    broken = written("5", 200, 14, 20, 235)
    broken.paste(235, (0, 62, 200, 74))  # through the stroke below its bar
    broken.save("five.png")
    main(["predict", "five.png"])
    assert capsys.readouterr().out.startswith("five.png: 5")


@pytest.mark.slow
def test_who_reads_may_stop_reading(tmp_path: Path) -> None:
    command = f"{sys.executable} -m digits predict {' '.join(['scans/7_a.png', 'page.png', 'blank.png'])} | head -n 1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.startswith("scans/7_a.png: 7")
    assert done.stderr == ""


def test_a_picture_is_not_replaced_by_what_it_says() -> None:
    Path("link.csv").symlink_to("scans/7_a.png")
    with pytest.raises(SystemExit, match=r"--output link\.csv is one of the files to read: give another name"):
        main(["predict", "scans", "--output", "link.csv"])
    with pytest.raises(SystemExit, match="the name of a picture is empty"):
        main(["predict", ""])
    Image.open("scans/7_a.png").verify()


def test_a_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit, match="standard input is closed: give a file in place of -"):
        main(["predict", "-"])
