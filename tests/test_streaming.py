"""Predicting many pictures: by several processes, and by commands that are killed and repeated."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers import ROOT, draw, written

pytestmark = pytest.mark.slow
LONG = [
    *("--ckpt_path=pretrained", "--data=ImageDataModule", "--data.path=scans", "--data.multiple_digits=true"),
    *("--predictions.picture=sheet.png", "--trainer.accelerator=cpu"),
]
FORMS = {
    "short": (["scans"], "--output"),
    "long": (LONG, "--predictions.path"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many pictures: images that are small, two pages, one that is blank and one that is broken."""
    folder = tmp_path_factory.mktemp("streaming")
    (folder / "scans").mkdir()
    for i, image in enumerate(draw(80, seed=0)[0].numpy()):
        Image.fromarray(image).save(folder / f"scans/{i}.png")
    for i in (30, 60):
        page = Image.fromarray(np.hstack([np.asarray(written(digit, 120, 8)) for digit in "3275"]))
        page.save(folder / f"scans/{i}.png")
    Image.new("L", (80, 80), 250).save(folder / "scans/50.png")
    (folder / "scans/70.png").write_bytes(b"\x89PNG nothing")
    return folder


def start(folder: Path, form: str, output: str, processes: int = 1) -> subprocess.Popen[str]:
    args, option = FORMS[form]
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"] if processes > 1 else []
    if processes > 1 and form != "short":
        args = [*args, f"--trainer.devices={processes}", "--trainer.strategy=ddp"]
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", "digits", "predict", *args, f"{option}={output}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a command printed that ended because of the broken picture."""
    out, errors = process.communicate(timeout=900)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors or "ChildFailedError" in errors  # torchrun's own
    assert "could not be read" in errors
    return out, errors


@pytest.mark.parametrize("form", FORMS)
def test_any_number_of_processes_and_a_killed_one_write_the_same_file(folder: Path, form: str) -> None:
    lines, _ = finish(start(folder, form, f"{form}-one.csv"))
    expected = (folder / f"{form}-one.csv").read_bytes()
    out, _ = finish(start(folder, form, f"{form}-several.csv", processes=3))
    assert (folder / f"{form}-several.csv").read_bytes() == expected
    if form == "short":
        assert out == lines
    killed, part = start(folder, form, f"{form}-killed.csv"), folder / f"{form}-killed.csv.part"
    while not part.is_file() or part.read_bytes().count(b"\n") < 4:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (folder / f"{form}-killed.csv").exists()
    out, errors = finish(start(folder, form, f"{form}-killed.csv", processes=2))
    assert "Going on after " in errors
    assert (folder / f"{form}-killed.csv").read_bytes() == expected
    if form == "short":
        assert out == lines
    assert not list(folder.glob("*.part"))
    assert not list(folder.glob(".*"))
