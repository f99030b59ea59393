"""What `benchmarks.attacks` tries: hostile files, options and requests, by kind.

Each case prepares the folder that it runs in, and gives the arguments of a command that must end in one line, or well.
"""

import gzip
import io
import os
import random
import socket
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from digits.runs import PRETRAINED
from tests.data.test_picture_file import png, tiff
from tests.helpers import draw, write_idx, written
from tests.test_checkpoint import BROKEN

PRECIOUS = Path("precious")  # a folder that nothing may change
SMALL = ["--model=MLP", "--model.hidden=[8]", "--pictures=false", "--trainer.logger=false", "--trainer.accelerator=cpu"]


class Case(NamedTuple):
    """One attack.

    Args:
        kind: of attack.
        name: of this one.
        prepare: writes what is hostile into the working directory.
        command: what the victim runs.
        refused: whether it must end in an error of one line; otherwise it may also end well.
        check: looks at what is left, and says what was not held; with no command, it is the attack.
    """

    kind: str
    name: str
    prepare: Callable[[], Any]
    command: list[str]
    refused: bool = True
    check: Callable[[], str] | None = None


class Runs:
    """Runs a program when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("echo x > sprung",)


def checkpoints() -> Iterator[Case]:
    """Fields of other types and ranges, damage, code, names of files to delete."""
    use = ["predict", "x.png", "--ckpt_path=bad.ckpt"]

    def save(changes: dict[str, Any]) -> None:
        Image.new("L", (60, 60), 255).save("x.png")
        torch.save(torch.load(PRETRAINED, weights_only=True) | changes, "bad.ckpt")

    for i, (changes, reason) in enumerate(BROKEN):
        yield Case("checkpoint: a field", f"{i}, {reason}", partial(save, changes), use)
    yield Case("checkpoint: code", "pickle", lambda: save({"epoch": Runs()}), use)
    yield Case("checkpoint: code", "class_path", lambda: save({"class_path": "antigravity.Net"}), use)
    instantiator = {"hyper_parameters": {"_instantiator": "os.system"}}
    yield Case("checkpoint: code", "_instantiator", lambda: save(instantiator), use)
    yield Case("checkpoint: code", "no zip, a pickle", torch_legacy, use)
    yield Case("checkpoint: a field", "nested tensors", lambda: save({"state_dict": {"a": nested()}}), use)
    for name, make in {"a link to its own folder": lambda: Path("bad.ckpt").symlink_to("."), "a pipe": pipe}.items():
        yield Case("checkpoint: no file", name, make, use)
    whole = PRETRAINED.read_bytes()
    choose = random.Random(0)
    for _ in range(40):
        at, width = choose.randrange(len(whole)), choose.choice([1, 4096])
        yield Case(
            f"checkpoint: {'a bit flipped' if width == 1 else '4 KB zeroed'}",
            f"at {at}",
            partial(damage, whole, at, width),
            use,
            refused=False,  # it may be padding; `benchmarks.attacks` compares the answer then
        )


def nested() -> torch.Tensor:
    """A tensor of tensors, on which most functions fail."""
    return torch.nested.nested_tensor([torch.zeros(3), torch.zeros(2)])


def pipe() -> None:
    """Make a checkpoint of a pipe that nobody writes to."""
    os.mkfifo("bad.ckpt")


def damage(whole: bytes, at: int, width: int) -> None:
    """Write a checkpoint that is damaged in one place."""
    written("7").save("x.png")
    change = bytes([whole[at] ^ 4]) if width == 1 else bytes(width)
    Path("bad.ckpt").write_bytes(whole[:at] + change + whole[at + width :])


def torch_legacy() -> None:
    """Write a file in torch's old format, which is a pickle."""
    Image.new("L", (60, 60), 255).save("x.png")
    torch.save({"state_dict": Runs()}, "bad.ckpt", _use_new_zipfile_serialization=False)


def pictures() -> Iterator[Case]:
    """Bombs, other formats under the name of a picture, damage."""
    bombs = {
        "65,535 × 65,535": png(65_535, 65_535),
        "90,000,000 × 1": png(90_000_000, 1),
        "1 × 2,000,000": png(1, 2_000_000),
        "TIFF, unusual compression": tiff((259, 3, 1, 34925)),
        "TIFF, one tile of 4 billion pixels": tiff((259, 3, 1, 8), (322, 4, 1, 65_536), (323, 4, 1, 65_536)),
        "TIFF, a million strips": tiff((273, 4, 1_000_000, 8)),
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(sprung) (w) file closefile\nshowpage\n",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        "HTML": b"<html><img src=x onerror=alert(1)>",
        "empty": b"",
        "half a PNG": png(28, 28)[:50],
        "a text chunk of a gigabyte": text_bomb(),
        "noise": random.Random(0).randbytes(5000),
    }
    for name, content in bombs.items():
        yield Case("picture", name, partial(Path("x.png").write_bytes, content), ["predict", "x.png"])
    yield Case("picture", "100,000 dots", dots, ["predict", "x.png"], refused=False)
    yield Case("picture", "a pipe that nobody writes to", lambda: os.mkfifo("x.png"), ["predict", "x.png"])
    yield Case("picture", "a link to itself", lambda: Path("x.png").symlink_to("x.png"), ["predict", "x.png"])
    yield Case("picture", "a device without end", lambda: Path("x.png").symlink_to("/dev/zero"), ["predict", "x.png"])

    for kind in ("gif", "png", "tiff", "webp"):
        yield Case("picture", f"500 frames, {kind}", partial(frames, kind), ["predict", "x.png"], refused=False)
    yield Case("picture", "60,000 bytes of EXIF", exif, ["predict", "x.png"], refused=False)
    yield Case("picture", "a TIFF whose pages go in a circle", circle, ["predict", "x.png"], refused=False)
    yield Case("picture", "a folder", lambda: Path("x.png").mkdir(), ["predict", "x.png"])
    yield Case("picture", "a socket", make_socket, ["predict", "x.png"])


def frames(kind: str) -> None:
    """Save an animation, or a document of many pages."""
    first = Image.new("L", (60, 60), 255)
    more = [Image.new("L", (60, 60), 255 - i % 200) for i in range(500)]
    first.save("x.png", kind, save_all=True, append_images=more)


def exif() -> None:
    """Save a picture with much metadata, and an orientation that does not exist."""
    data = Image.Exif()
    data[0x9286], data[0x0112] = "A" * 60_000, 99
    Image.new("L", (60, 60), 255).save("x.png", "jpeg", exif=data)


def circle() -> None:
    """Save a TIFF file whose first page is also the one after it."""
    content = io.BytesIO()
    Image.new("L", (60, 60), 255).save(content, "tiff")
    data = bytearray(content.getvalue())
    at = int.from_bytes(data[4:8], "little")
    end = at + 2 + 12 * int.from_bytes(data[at : at + 2], "little")
    data[end : end + 4] = data[4:8]
    Path("x.png").write_bytes(data)


def make_socket() -> None:
    """Make a socket with the name of a picture."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("x.png")


def text_bomb() -> bytes:
    """A PNG file with a compressed text of a gigabyte."""
    whole, text = png(28, 28), b"zTXt" + b"a\0\0" + zlib.compress(bytes(10_000_000)) * 2
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return whole[:33] + chunk + whole[33:]


def dots() -> None:
    """Save a picture of dots, each of which may be a digit."""
    page = np.full((900, 900), 255, np.uint8)
    page[::3, ::3] = 0
    Image.fromarray(page).save("x.png")


def tables() -> Iterator[Case]:
    """CSV and IDX files that claim or unpack to much, or hold something else."""
    row = b"7" + b",0" * 784 + b"\n"
    contents = {
        "x.csv.gz": gzip.compress(row * 100_000),
        "x.zip": zipped({"x.csv": bytes(200_000_000)}),
        "many.zip": zipped({f"{i}.csv": row for i in range(2000)}),
        "line.csv": b"0," * 5_000_000,
        "columns.csv": b",".join(b"1" for _ in range(30_000)) + b"\n",
        "nul.csv": bytes(100_000),
        "label.csv": row.replace(b"7", b"99999999999999999999", 1),
        "formula.csv": row.replace(b"7", b"=1+1", 1),
        "name.csv": b",".join([b"a" * 10_000, *[b"0"] * 784]) + b"\n" + row,
        "quote.csv": b'"' + row * 50,
    }
    for name, content in contents.items():
        command = ["test", "--ckpt_path=pretrained", "--data=CSVDataModule", f"--data.test={name}"]
        yield Case("CSV file", name, partial(Path(name).write_bytes, content), command)
    idx = {
        "2^93 images": b"\0\0\x08\x03" + b"\x7f\xff\xff\xff" * 3,
        "255 dimensions": b"\0\0\x08\xff" + b"\0\0\0\x01" * 255,
        "packed zeros": gzip.compress(b"\0\0\x08\x03\0\x10\0\0\0\0\0\x1c\0\0\0\x1c" + bytes(200_000_000)),
    }
    for name, content in idx.items():
        for dataset in ("MNIST", "FashionMNIST"):
            command = ["test", "--ckpt_path=pretrained", f"--data.dataset={dataset}", "--data.data_dir=d"]
            yield Case("IDX file", f"{name}, {dataset}", partial(hostile_set, content), command)


def hostile_set(content: bytes) -> None:
    """Write a set of four files whose test images are hostile."""
    Path("d").mkdir()
    for part in ("train", "t10k"):
        images, labels = draw(30, seed=0)
        write_idx(Path(f"d/{part}-images-idx3-ubyte.gz"), images)
        write_idx(Path(f"d/{part}-labels-idx1-ubyte.gz"), labels)
    packed = content if content[:2] == b"\x1f\x8b" else gzip.compress(content)
    Path("d/t10k-images-idx3-ubyte.gz").write_bytes(packed)


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive of these files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def configs() -> Iterator[Case]:
    """YAML that grows, that is deep, that names functions; options that lead elsewhere."""
    lists = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 'x'}]" for i in range(12))
    contents = {
        "anchors": lists,
        "3,000 brackets": "model: " + "[" * 3000,
        "a number of 20,000 digits": f"seed_everything: {'9' * 20_000}",
        "python/object": "model: !!python/object/apply:os.system ['echo x > sprung']",
        "a function": "trainer: {callbacks: {class_path: lightning.pytorch.callbacks.LambdaCallback, init_args: "
        "{on_train_start: os.system}}}",
        "a module that is no class": "model: {class_path: os.system}",
        "bytes": "\0\1\2",
        "a list": "[1, 2]",
        "a long key": f"{'k' * 100_000}: 1",
    }
    for name, content in contents.items():
        command = ["fit", *SMALL, "--config=x.yaml"]
        yield Case("config", name, partial(Path("x.yaml").write_text, content), command)
    for option in (
        "--name=../../precious",
        "--name=/tmp/precious",
        "--trainer.devices=100000",
        "--data.batch_size=-1",
        "--seed_everything=-1",
        f"--model.hidden=[{'9' * 4000}]",
        "--trainer.max_epochs=0",
    ):
        yield Case("option", option[:40], lambda: None, ["fit", *SMALL, option])
