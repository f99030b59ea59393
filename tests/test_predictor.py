import os
import subprocess
import sys
from io import BufferedReader, BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from digits import load
from digits.data import MNISTDataModule
from digits.errors import InputError
from digits.predictor import load_once
from tests.helpers import Digits, csv_probabilities, csv_rows, prepare, seven, written

SHORT = ("--model=LargeCNN", "--trainer.max_epochs=1", "--pictures=false", "--trainer.logger=false")
RUN = Path("lightning_logs/LargeCNN/version_0")


@pytest.fixture
def images(digits: Digits, trained: Digits) -> np.ndarray:
    """The images to predict, of a run that `digits predict` has predicted."""
    trained(*SHORT)
    digits("predict", "--name=LargeCNN")
    data = MNISTDataModule()
    data.setup("predict")
    return data.predict.images.numpy()


@pytest.mark.parametrize("source", [RUN / "checkpoints/best.ckpt", str(RUN), RUN.parent])
def test_it_says_what_the_command_line_says(images: np.ndarray, source: Path | str) -> None:
    found = load(source).predict(images)
    assert found.classes == [row["prediction"] for row in csv_rows(RUN / "predictions.csv")]
    np.testing.assert_allclose(found.probabilities, csv_probabilities(RUN / "predictions.csv"), atol=2e-6)
    doubt = load(source).model.doubt
    assert found.notes == [doubt.note(p) for p in found.probabilities.max(1)]


def test_the_usual_shapes_and_types_are_the_same_images(images: np.ndarray) -> None:
    model = load(RUN)
    expected = model.predict(images)
    sames: list[Any] = [
        images[:, None],
        images[..., None],
        torch.from_numpy(images),
        torch.from_numpy(images)[:, None] / 255,
        images / 255,
        (images / 255).astype(np.float32),
        list(images),
        [images[:50], torch.from_numpy(images[50:])],
    ]
    for same in sames:
        found = model.predict(same)
        assert found.classes == expected.classes
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    one = model.predict(images[3])
    assert one.classes == expected.classes[3:4]
    assert model.predict([]).classes == []
    none = model.predict(images[:0]).probabilities
    assert (none.shape, none.dtype) == ((0, 10), np.float32)


def test_pictures_are_prepared_and_what_is_none_is_noted(images: np.ndarray) -> None:
    model = load(RUN)
    page = np.full((200, 200), 255, np.uint8)
    page[40:160, 90:110] = 20
    picture = Image.fromarray(page)
    picture.save("one.png")
    Path("broken.png").write_bytes(b"no picture")
    Image.new("L", (50, 50), "white").save("blank.png")
    found = model.predict([picture, "one.png", Path("one.png"), page, "broken.png", "blank.png", "absent.png"])
    assert len(set(found.classes[:4])) == 1
    assert found.classes[4:] == [None] * 3
    assert found.notes[4] == "unreadable: not a picture of a known format"
    assert "blank" in found.notes[5]
    assert "No such file" in found.notes[6]
    assert np.isnan(found.probabilities[4:]).all()
    content = Path("one.png").read_bytes()
    assert model.predict([bytearray(content), memoryview(content)]).classes == found.classes[:2]
    assert model.predict(bytearray(content)).classes == found.classes[:1]
    assert model.predict(Image.new("L", (0, 9))).notes == ["unreadable: a picture without pixels"]
    np.testing.assert_allclose(found.probabilities[:4].sum(1), 1, atol=1e-5)


def test_a_picture_in_memory_is_read_as_its_file_is(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(RUN)
    seven(900, pen=60).save("7.png")
    monkeypatch.setattr("digits.data.picture_file.LARGEST", 300)
    from_file, in_memory = model.read("7.png"), model.read(seven(900, pen=60))
    assert in_memory.pieces[0].box == from_file.pieces[0].box
    assert in_memory.pieces[0].box.height > 300  # in pixels of the file
    assert str(model.read(Image.new("L", (0, 9)))) == "unreadable: a picture without pixels"


def test_what_is_no_image_is_refused(images: np.ndarray) -> None:
    model = load(RUN)
    wrong: list[tuple[Any, str]] = [
        (np.zeros((2, 5, 28, 28)), r"shape \(2, 5, 28, 28\): give \(H, W\), .*\(N, 784\)"),
        (torch.zeros(3, 90, 80), r"shape \(3, 90, 80\) are three, or one in colour"),
        (np.zeros((4, 0, 28)), "shape"),
        (np.zeros(5), "shape"),
        (np.zeros((28, 28), complex), "type complex128"),
        (np.full((28, 28), 256), "from 256 to 256"),
        (np.full((28, 28), 255.0), "from 255 to 255"),
        (np.full((28, 28), np.nan), "from nan to nan"),
    ]
    for array, reason in wrong:
        with pytest.raises(InputError, match=reason):
            model.predict(array)
    with pytest.raises(InputError, match="holds no run"):
        load("bundled")
    with pytest.raises(InputError, match="no such file"):
        load("absent.ckpt")


def test_what_is_imported_later_is_listed_before() -> None:
    script = "import digits; assert {*digits.__all__} <= {*dir(digits)} and 'load' not in vars(digits)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_importing_the_package_is_light() -> None:
    subprocess.run([sys.executable, "-c", "import sys, digits; assert 'torch' not in sys.modules"], check=True)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_reads_after_its_parent(tmp_path: Path) -> None:
    written("7").save(tmp_path / "7.png")
    code = """
import multiprocessing, torch
from digits import load
torch.set_num_threads(2)
def read(_): return load("pretrained").read("7.png").text
print(read(0), *multiprocessing.get_context("fork").Pool(2).map(read, range(2)))
"""
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.split() == ["7"] * 3


def test_other_forms_of_images_are_read_or_refused_by_name() -> None:
    predictor, seven = load("pretrained"), np.asarray(written("7").convert("RGB"))
    assert predictor.predict(seven).classes == ["7"]
    assert predictor.predict(np.zeros((1, 28, 28), np.uint8)).notes == ["blank"]
    assert len(predictor.predict(torch.zeros(4, 784)).classes) == 4
    content = BytesIO()
    written("7").save(content, "png")  # and is at its end
    for one in (content, content.getvalue(), seven):
        assert predictor.predict(one).classes == [predictor.read(one).text] == ["7"]
    with BufferedReader(BytesIO(content.getvalue())) as file:
        assert predictor.predict([file, written("7")]).classes == ["7", "7"]
    assert predictor.predict(form for form in (seven, seven)).classes == ["7", "7"]
    with pytest.raises(InputError, match="read them one by one"):
        predictor.read(np.stack([seven, seven]))
    assert predictor.predict(b"x").notes == ["unreadable: not a picture of a known format"]


def test_one_image_is_one_whatever_its_shape_and_type() -> None:
    form, colour = prepare(written("7")), np.asarray(written("7").convert("RGB"))
    ink = torch.from_numpy(form)
    ones: list[Any] = [
        *(form[..., None], form[None], form[None, None], form[None, ..., None], form.reshape(784)),
        *(form.astype(int), form > 127, (form / 255).astype(np.float16)),
        *(ink, ink[None], ink[..., None], (ink / 255).bfloat16(), (ink / 255).half(), ink.long(), ink > 127),
        *(colour, colour[None], colour / 255, colour[..., :1], colour.transpose(2, 0, 1)[None], torch.tensor(colour)),
    ]
    assert [load_once("pretrained").predict(one).classes for one in ones] == [["7"]] * len(ones)
    assert load_once("pretrained").predict(np.stack([colour] * 2)).classes == ["7"] * 2
    assert load_once("pretrained").predict(np.stack([colour[None, ..., 0]] * 3)).classes == ["7"] * 3  # (3, 1, H, W)


@pytest.mark.parametrize("source", [3, None, b"pretrained"])
def test_what_names_no_checkpoint_is_refused(source: Any) -> None:
    with pytest.raises(InputError, match="a checkpoint is given by its name, or pretrained, got"):
        load(source)


def test_what_is_neither_a_picture_nor_an_array_is_refused() -> None:
    predictor = load_once("pretrained")
    for wrong in (7, [None], open, StringIO("7")):
        with pytest.raises(InputError, match="a picture as"):
            predictor.predict(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a picture as list"):
        predictor.read(["a.png"])  # type: ignore[arg-type]
