"""What strangers, mirrors and full disks do to us."""

import os
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from torchvision.datasets import MNIST

from digits.data import MNISTDataModule, mnist
from digits.data.mnist import BUNDLED, FILES
from digits.data.pictures import load_one
from digits.errors import InputError
from tests.helpers import Digits, csv_rows

RELEASE = threading.Event()  # lets the silent mirror go


class Mirror(BaseHTTPRequestHandler):
    """A mirror that behaves as the first folder of the address says."""

    def do_GET(self) -> None:
        kind, name = self.path.strip("/").split("/")
        content = (BUNDLED / name).read_bytes()
        if kind in ("404", "503"):
            self.send_error(int(kind))
            return
        if kind == "silent":
            RELEASE.wait()
            return
        body = {"half": content[: len(content) // 2], "wrong": content[::-1], "page": b"<html>moved</html>"}
        self.send_response(200)
        self.send_header("Content-Length", str(len(content if kind == "half" else body.get(kind, content))))
        self.end_headers()
        self.wfile.write(body.get(kind, content))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets torchvision's mirrors to some that behave badly, in that order."""
    RELEASE.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    urlopen = urllib.request.urlopen

    def impatient(request: Any, **options: Any) -> Any:
        """Wait shortly for the silent mirror and long for the others, however busy the machine is."""
        assert socket.getdefaulttimeout() == mnist.TIMEOUT
        address = request if isinstance(request, str) else request.full_url
        return urlopen(request, timeout=0.05 if "/silent/" in address else 60)

    monkeypatch.setattr(urllib.request, "urlopen", impatient)

    def choose(*kinds: str) -> None:
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/{kind}/" for kind in kinds])

    yield choose
    RELEASE.set()
    server.shutdown()
    server.server_close()
    thread.join()


BAD = ("404", "503", "silent", "half", "wrong", "page")


def test_mirrors_are_tried_in_order(tmp_path: Path, mirrors: Callable[..., None]) -> None:
    mirrors(*BAD, "good")
    data = MNISTDataModule(data_dir=str(tmp_path))
    data.prepare_data()
    data.setup("test")
    assert len(data.test) == 10_000
    whole = {name for stem in FILES for name in (stem, f"{stem}.gz")}
    assert {path.name for path in (tmp_path / "MNIST/raw").iterdir()} == whole


def test_when_no_mirror_works_each_has_its_reason_and_nothing_is_left(
    tmp_path: Path, mirrors: Callable[..., None]
) -> None:
    mirrors(*BAD)
    with pytest.raises(InputError) as info:
        MNISTDataModule(data_dir=str(tmp_path)).prepare_data()
    for kind, reason in zip(
        BAD,
        ["404: Not Found", "503: Service Unavailable", "timed out", *["another file, or a part of it"] * 3],
        strict=True,
    ):
        assert reason in str(info.value).split(f"/{kind}/: ")[1].split("; ")[0]
    assert not list((tmp_path / "MNIST/raw").iterdir())


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[: len(content) // 2], "is damaged"),
        (lambda content: content[:60] + bytes([content[60] ^ 255]) + content[61:], "is damaged"),
        (lambda content: b"", "is not an IDX file"),
        (lambda content: b"<html>", "is damaged"),
    ],
)
def test_files_that_rot_are_named(tmp_path: Path, damage: Callable[[bytes], bytes], reason: str) -> None:
    for name in FILES:
        (tmp_path / f"{name}.gz").write_bytes((BUNDLED / f"{name}.gz").read_bytes())
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    data = MNISTDataModule(data_dir=str(tmp_path))
    data.prepare_data()
    with pytest.raises(InputError, match=rf"t10k-labels-idx1-ubyte\.gz ({reason})"):
        data.setup("test")


def test_of_animations_one_frame_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.fromarray(np.full((20, 20), i % 256, np.uint8)) for i in range(100)]
    frames[0].save(tmp_path / "long.gif", save_all=True, append_images=frames[1:])
    frames_read, seek = [], GifImageFile._seek

    def count(image: GifImageFile, frame: int, *args: Any) -> None:
        frames_read.append(frame)
        seek(image, frame, *args)

    monkeypatch.setattr(GifImageFile, "_seek", count)
    load_one(tmp_path / "long.gif")
    assert set(frames_read) <= {0, 1}  # whether there is a second one is said


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """The last of 1,200 folders, each in the one before; the first is `pictures`."""
    folders = [tmp_path / "pictures"]
    for _ in range(1200):
        folders.append(folders[-1] / "d")
    for folder in folders:
        folder.mkdir()
    yield folders[-1]
    for folder in reversed(folders[1:]):  # pytest's own removal calls itself for each
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_folders_without_end_and_names_of_every_kind(
    tmp_path: Path, deep: Path, digits: Digits, trained: Digits
) -> None:
    root = tmp_path / "pictures"
    (root / "loop").symlink_to(root)
    names = ["a,b.png", 'say "7".png', "two\nlines.png", "=1+1.png", os.fsdecode(b"\xff\xfe.png"), "é.png"]
    page = np.full((60, 60), 255, np.uint8)
    page[10:50, 27:32] = 0
    for name in [*names, str((deep / "last.png").relative_to(root))]:
        Image.fromarray(page).save(root / "x.png")
        (root / "x.png").rename(root / name)
    trained()
    digits("predict", "--name=MLP", "--data=ImageDataModule", f"--data.path={root}", "--predictions.path=out.csv")
    rows = csv_rows("out.csv")
    assert {row["id"] for row in rows} == {*names, "d/" * 1200 + "last.png"}
    assert all(row["prediction"] in "0123456789" and None not in row for row in rows)


@pytest.mark.parametrize("model", ["MLP", "BatchNormCNN"])
def test_data_that_is_hardly_any(digits: Digits, refused: Digits, model: str) -> None:
    pixels = ",".join(["0"] * 700 + ["255"] * 84)
    fit = ("fit", f"--model={model}", "--data=CSVDataModule", "--data.train=x.csv", "--trainer.max_epochs=2")
    Path("x.csv").write_text(f"7,{pixels}\n")
    if model == "MLP":
        assert "trainable" in digits(*fit, "--data.val_size=0", "--data.batch_size=200", "--name=one")
    else:
        assert "needs two training images" in refused(*fit, "--data.val_size=0")
    assert "leaves nothing to train on" in refused(*fit, "--data.val_size=1")
    Path("x.csv").write_text(f"7,{pixels}\n" * 61)  # one class, and one image more than two batches
    out = digits(*fit, "--data.val_size=20", "--data.batch_size=20", "--name=class")
    assert "val_accuracy 100.00%" in out
