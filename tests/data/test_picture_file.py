"""Picture files that may be made to harm: which are opened, and what they may cost."""

import os
import struct
import subprocess
import sys
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
from PIL import Image

from digits.data import picture_file
from digits.data.picture_file import LARGEST, read_picture
from digits.data.pictures import load_one
from tests.helpers import prepare, seven, similarity

REFERENCE = prepare(seven())


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tiff", "webp"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    seven().save(path)
    assert similarity(prepare(read_picture(path)), REFERENCE) > 0.9


def test_exif_orientation(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90° clockwise
    seven().rotate(90).save(path, exif=exif)
    assert similarity(prepare(read_picture(path)), REFERENCE) > 0.9


def test_an_animation_shows_its_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "x.gif"
    seven().save(path, save_all=True, append_images=[Image.new("L", (120, 120), 0)] * 5)
    assert similarity(prepare(read_picture(path)), REFERENCE) > 0.9
    assert read_picture(path).info["more_pages"]


def test_pages_that_are_not_read_are_noticed(tmp_path: Path) -> None:
    pages: dict[str, Any] = {"append_images": [seven(), seven()], "save_all": True}
    for name, more in [("a.tif", True), ("b.tif", False), ("c.gif", False)]:
        seven().save(tmp_path / name, **(pages if more else {}))
        assert read_picture(tmp_path / name).info["more_pages"] is more


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("IMG_1.HEIC", bytes(100), "HEIC"),
        ("IMG_1.jpg", b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        ("a.avif", b"\0\0\0\x18ftypavif" + bytes(100), "AVIF"),
        ("scan", b"%PDF-1.7" + bytes(100), "PDF"),
        ("a.svg", b"<?xml version='1.0'?>" + bytes(100), "SVG"),
    ],
)
def test_a_picture_of_a_format_that_is_not_read_says_what_to_do(
    tmp_path: Path, name: str, content: bytes, format: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"^{format} is not read"):
        read_picture(tmp_path / name)


def test_a_table_that_is_given_as_a_picture_says_how_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("pixel0,pixel1\n0,0\n")
    with pytest.raises(ValueError, match="--data CSVDataModule"):
        read_picture(tmp_path / "test.csv")


def test_files_that_cannot_be_read_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    seven().save(path)
    whole = path.read_bytes()
    for content, reason in [(b"", "empty"), (b"hello", "not a picture"), (whole[:-300], "damaged")]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=reason):
            read_picture(path)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "absent.png")
    monkeypatch.setattr(picture_file, "MAX_BYTES", 100)
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="more than 0 MB"):
        read_picture(path)


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    seven().save(path)

    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ValueError, match="no permission"):
        read_picture(path)


def png(width: int, height: int) -> bytes:
    """A PNG file that promises more pixels than it has."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def tiff(*entries: tuple[int, int, int, int], tail: bytes = bytes(64)) -> bytes:
    """A TIFF file of 20×20 pixels with these entries, (tag, type, count, value); type 3 is short, 4 long, 7 bytes."""
    base = {256: (4, 1, 20), 257: (4, 1, 20), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1)}
    base |= {273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, 20), 279: (4, 1, 400)}
    tags = sorted((base | {tag: rest for tag, *rest in entries}).items())
    return (
        b"II*\0" + struct.pack("<IH", 8, len(tags))
        + b"".join(struct.pack("<HHII", tag, *rest) for tag, rest in tags) + bytes(4) + tail
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(65_535, 65_535), "million"),
        (png(10_001, 10_000), "10001×10000 pixels are more than 100 million"),
        (png(90_000_000, 1), "more than 65,535 along a side"),
        (png(1, 2_000_000), "more than 65,535 along a side"),
        (tiff((256, 4, 1, 8000), (257, 4, 1, 8000)), "more than 40 million for a TIFF file"),
        (tiff((259, 3, 1, 34925)), "a TIFF file of compression 34925"),
        (tiff((259, 3, 1, 8), (322, 4, 1, 65_536), (323, 4, 1, 65_536)), "tiles of more than 40 million"),
        (tiff((273, 4, 1_000_000, 8)), "more than 65,535 pieces"),
    ],
)
def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(content)
    tracemalloc.start()
    note = load_one(path)[0][1]
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert note.startswith("unreadable: ")
    assert reason in note


def test_parts_that_overlap_take_no_more_memory_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    path.write_bytes(tiff(*((40_000 + i, 7, 30_000, 0) for i in range(200)), tail=bytes(30_000)))
    tracemalloc.start()
    note = load_one(path)[0][1]
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert "its parts overlap" in note or PIL.__version__ >= "13"  # which reads what is asked for, and not all parts


def test_the_made_tiff_files_differ_from_a_sound_one_by_what_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "x.tif").write_bytes(tiff(tail=bytes(400)))
    assert read_picture(tmp_path / "x.tif").size == (20, 20)


@pytest.mark.parametrize("format", ["eps", "ppm", "ico", "tga", "pcx", "sgi"])
def test_other_formats_are_not_opened_whatever_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    def run(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a program was started")

    path = tmp_path / "x.png"
    seven().save(path, format)
    for name in ("Popen", "check_call"):
        monkeypatch.setattr(subprocess, name, run)
    assert load_one(path)[0][1] == "unreadable: not a picture of a known format"


def test_the_second_picture_of_a_phone_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    seven().save(path, "MPO", save_all=True, append_images=[Image.new("L", (120, 120))])
    assert similarity(prepare(read_picture(path)), REFERENCE) > 0.9


def test_a_pass_over_all_pixels_in_a_few_bytes_is_ended_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = BytesIO()
    Image.new("L", (1000, 1000)).save(file, "jpeg", progressive=True)
    content = file.getvalue()
    last_scan = content[content.rfind(b"\xff\xda") : -2]
    path = tmp_path / "x.jpg"
    path.write_bytes(content[:-2] + last_scan * 20_000 + content[-2:])
    monkeypatch.setattr(picture_file, "MAX_SECONDS", 0.1)
    assert load_one(path)[0][1] == "unreadable: takes more than 0.1 s to decode"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    os.mkfifo(path)
    assert load_one(path)[0][1] == "unreadable: not a regular file"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LA", "I", "F", "I;16"])
def test_large_pictures_are_reduced_strip_by_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr(picture_file, "LARGEST", 200)
    monkeypatch.setattr(picture_file, "STRIP", 10_000)
    image = seven(601, 40)
    image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    path = tmp_path / "x.tif"
    image.save(path)
    picture = read_picture(path)
    assert picture.size == (151, 151)
    assert picture.info["reduced_by"] == pytest.approx(601 / 151)
    assert similarity(prepare(picture), prepare(image)) > 0.95


def test_a_large_photo_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sheet = Image.new("L", (LARGEST + 1, 100))
    sheet.save(tmp_path / "x.png", exif=exif)
    picture = read_picture(tmp_path / "x.png")
    assert picture.size == (50, 2049)
    assert picture.info["reduced_by"] == pytest.approx(4097 / 2049)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@pytest.mark.parametrize(("mode", "suffix", "times"), [("RGBA", "png", 2), ("P", "gif", 5), ("RGB", "bmp", 4)])
def test_100_megapixels_take_little_more_than_pillow_needs(tmp_path: Path, mode: str, suffix: str, times: int) -> None:
    """At most `times` as long as Pillow takes to decode and reduce them, and 1.5 GB."""
    path = tmp_path / f"x.{suffix}"
    Image.effect_noise((10_000, 10_000), 50).convert(mode).save(path, compress_level=1)
    code = (
        "import sys, time; from pathlib import Path; from PIL import Image; from digits.data.pictures import load_one;"
        "start = time.thread_time(); note = load_one(Path(sys.argv[1]))[0][1]; seconds = time.thread_time() - start;"
        "peak = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0];"
        "Image.MAX_IMAGE_PIXELS = None; start = time.thread_time(); image = Image.open(sys.argv[1]);"
        "image.convert({'P': 'RGB'}.get(image.mode)).reduce(3); plain = time.thread_time() - start;"
        "print(note, seconds, plain, peak, sep=',')"
    )
    out = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    note, seconds, plain, kilobytes = out.split(",")
    assert "unreadable" not in note
    assert float(seconds) < times * float(plain)
    assert float(kilobytes) < 1_500_000


@pytest.mark.parametrize("name", ["https://example.org/7.png", "file:///7.png", "s3://bucket/7.png"])
def test_an_address_is_told_from_a_file(name: str) -> None:
    with pytest.raises(ValueError, match="an address, and files are read: download it first"):
        read_picture(Path(name))


def test_a_file_of_a_drive_or_a_folder_with_a_colon_is_no_address() -> None:
    for name in ("C:/7.png", "a folder: 1/7.png", "no such file.png"):
        with pytest.raises(FileNotFoundError):
            read_picture(Path(name))
