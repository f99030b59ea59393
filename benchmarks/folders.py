"""How fast, and in how much memory, `digits predict` reads many pictures, photos, pages and rows.

python -m benchmarks.folders [small photos pages processes rows]

MNIST's test images as 1,000 to 100,000 PNG files; photos of 12 megapixels, a digit on each; pages of 36 digits;
PNG files by one process of one thread and by two, in turn; and 60,000 and 1,000,000 rows of CSV. Needs 5 GB of disk.
Memory is the most of all processes together, what they share counted once.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.pages import draw_page
from benchmarks.record import ROOT, earlier, make_parser, report
from digits import load
from digits.data import Digits, MNISTDataModule
from digits.data.picture_file import read_picture

PICTURES = ("--ckpt_path=pretrained", "--data=ImageDataModule", "--trainer.accelerator=cpu")
ROWS = ("--ckpt_path=pretrained", "--data=CSVDataModule", "--trainer.accelerator=cpu")
PHOTO = (4032, 3024)  # pixels


def measure(*args: str, threads: int | None = None, processes: int = 1) -> dict[str, float]:
    """Run `digits predict`: seconds from start to end, those that it names itself, and megabytes at most."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"] if processes > 1 else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    start, peaks = time.monotonic(), [0]
    command = [sys.executable, *launcher, "-m", "digits", "predict", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        watch = threading.Thread(target=watch_memory, args=(process, peaks))
        watch.start()
        output = process.communicate()[0]
        watch.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    said = re.search(r"in ([\d.]+) s,", output)
    own = {"of which reading, predicting and writing": float(said[1])} if said else {}
    return {"seconds": round(time.monotonic() - start, 2), **own, "megabytes": round(max(peaks) / 1024)}


def watch_memory(process: subprocess.Popen[str], peaks: list[int]) -> None:
    """Note what a process and those that it started take, in kilobytes, five times a second until it ends."""
    while process.poll() is None:
        peaks.append(sum(map(proportional, family(process.pid))))
        time.sleep(0.2)


def family(process: int) -> list[int]:
    """A process, and those that it started, and those that they did."""
    found = [process]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def proportional(process: int) -> int:
    """Kilobytes that a process takes, its share of what it shares."""
    try:
        return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M)[1])  # type: ignore[index]
    except (OSError, TypeError):
        return 0


def repeat(folder: Path, name: str, numbers: range, source: list[Path]) -> Path:
    """A folder of as many links to the files of `source`, in turn."""
    target = folder / name
    target.mkdir()
    for i in numbers:
        os.link(source[i % len(source)], target / f"{i}{source[0].suffix}")
    return target


def save_all(folder: Path, name: str, pictures: list[Image.Image], **options: Any) -> list[Path]:
    """Save pictures, and return their files."""
    (folder / name).mkdir()
    suffix = "jpg" if options else "png"
    paths = [folder / name / f"{i}.{suffix}" for i in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        picture.save(path, **options)
    return paths


def photo(image: np.ndarray, seed: int) -> Image.Image:
    """A photo of a digit, (28, 28) uint8, on paper under uneven light."""
    noise, (width, height) = np.random.default_rng(seed), PHOTO
    light = np.linspace(170, 235, width, dtype=np.float32) + np.linspace(15, -25, height, dtype=np.float32)[:, None]
    side = int(noise.integers(500, 1500))
    top, left = int(noise.integers(height - side)), int(noise.integers(width - side))
    ink = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
    light[top : top + side, left : left + side] *= 1 - 0.75 * ink
    light += noise.normal(0, 4, light.shape).astype(np.float32)
    return Image.fromarray(light.clip(0, 255).astype(np.uint8)).convert("RGB")


def small(folder: Path, data: Digits, count: int = 100_000) -> dict[str, Any]:
    """Small PNG files, more and more of them."""
    files = save_all(folder, "png", [Image.fromarray(image) for image in data.images.numpy()])
    out = f"--predictions.path={folder}/out.csv"
    return {
        f"{n:,} PNG files": measure(*PICTURES, f"--data.path={repeat(folder, f'png{n}', range(n), files)}", out)
        for n in (count // 100, count // 10, count)
    }


def photos(folder: Path, data: Digits, count: int = 300) -> dict[str, Any]:
    """Photos as phones take them; ten are made, and read again and again."""
    files = save_all(folder, "made", [photo(data.images[i].numpy(), i) for i in range(10)], quality=90)
    return by_the_short_form(folder, "photos", count, files)


def pages(folder: Path, data: Digits, count: int = 60) -> dict[str, Any]:
    """Pages of 36 digits."""
    images, labels = data.images.numpy(), data.labels.tolist()
    made = [draw_page(images[36 * n : 36 * n + 36], labels[36 * n : 36 * n + 36], n)[0] for n in range(20)]
    return by_the_short_form(folder, "pages", count, save_all(folder, "drawn", made))


def by_the_short_form(folder: Path, name: str, count: int, files: list[Path]) -> dict[str, Any]:
    """One picture, and many of them."""
    one = measure(str(files[0]), f"--output={folder}/out.csv")
    many = measure(str(repeat(folder, name, range(count), files)), f"--output={folder}/out.csv")
    many["a second, less the start"] = round(count / (many["seconds"] - one["seconds"]), 1)
    network, threads = load("pretrained"), torch.get_num_threads()
    torch.set_num_threads(1)
    steps = {"decode": read_picture, "read": network.read}
    spent = {
        what: statistics.median(milliseconds_of(step, file) for file in files[:10]) for what, step in steps.items()
    }
    torch.set_num_threads(threads)
    return {f"1 of the {name}": one, f"{count} {name}": many, "milliseconds of one thread": spent}


def milliseconds_of(step: Callable[[Path], Any], file: Path) -> float:
    """Milliseconds of a processor that a step takes for a file."""
    start = time.thread_time()
    step(file)
    return round(1000 * (time.thread_time() - start), 1)


def processes(folder: Path, data: Digits, count: int = 1_500, rounds: int = 3) -> dict[str, Any]:
    """The same files by one process of one thread, and by two, in turn."""
    files = save_all(folder, "two", [Image.fromarray(image).resize((56, 56)) for image in data.images[:1000].numpy()])
    scans = repeat(folder, "scans", range(count), files)
    args = (*PICTURES, f"--data.path={scans}", f"--predictions.path={folder}/out.csv")
    several = ("--trainer.devices=2", "--trainer.strategy=ddp")
    took: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for n, seconds in took.items():
            run = measure(*args, *(several if n > 1 else ()), threads=1, processes=n)
            seconds.append(run["of which reading, predicting and writing"])
    one, two = (statistics.median(seconds) for seconds in took.values())
    return {
        f"{count:,} PNG files of 56×56": {"1 process": one, "2 processes": two, "times as fast": round(one / two, 2)}
    }


def rows(folder: Path, data: Digits, count: int = 1_000_000) -> dict[str, Any]:
    """Rows of CSV."""
    table = np.column_stack([data.labels.numpy(), data.images.flatten(1).numpy()])
    np.savetxt(folder / "some.csv", table, fmt="%d", delimiter=",")
    lines = (folder / "some.csv").read_bytes()
    found = {}
    for n in (count * 6 // 100, count):
        with (folder / "rows.csv").open("wb") as file:
            for _ in range(n // len(data)):
                file.write(lines)
        found[f"{n:,} rows"] = measure(
            *ROWS, f"--data.predict={folder}/rows.csv", f"--predictions.path={folder}/out.csv"
        )
    return found


PARTS: dict[str, Callable[[Path, Digits], dict[str, Any]]] = {
    "small": small,
    "photos": photos,
    "pages": pages,
    "processes": processes,
    "rows": rows,
}


def main() -> None:
    """Measure and report; parts that are not measured keep their figures."""
    parser = make_parser(__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS), help="what to measure")
    args = parser.parse_args()
    data = MNISTDataModule()
    data.setup("test")
    figures = earlier("folders", args.record)
    for name in args.parts:
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = PARTS[name](Path(folder), data.test)
    report("folders", figures, args.record)


if __name__ == "__main__":
    main()
