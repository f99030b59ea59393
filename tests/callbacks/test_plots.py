from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from digits.callbacks import plots
from digits.data import MNISTDataModule
from tests.helpers import SMALL_FIT, Digits, read_events, same_weights, weights

PICTURES = "--pictures=true"
FIT = ("--model=LargeCNN", "--trainer.max_epochs=2", "--name=run", PICTURES)
RUN = Path("lightning_logs/run/version_0")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    """What each picture was drawn from."""
    calls: dict[str, list[tuple[Any, ...]]] = {}
    for name in ("plot_confusion_matrix", "plot_mistakes"):
        original = getattr(plots, name)

        def spy(*args: Any, name: str = name, original: Any = original) -> Image.Image:
            calls.setdefault(name, []).append(args)
            return original(*args)

        monkeypatch.setattr(plots, name, spy)
    return calls


def test_pictures_of_what_was_scored_lie_in_the_run_and_on_tensorboard(
    digits: Digits, drawn: dict[str, list[tuple[Any, ...]]]
) -> None:
    digits("fit", *FIT, "--data.rotation=10")
    digits("test", "--name=run", PICTURES)
    files = {path.stem for path in RUN.glob("*.png")} - {"projector_sprite"}
    trained = {"samples", "augmented", "curves", "confusion_matrix", "mistakes", "filters"}
    assert files == trained | {"test_confusion_matrix", "test_mistakes", "test_calibration"}
    events = read_events(RUN)
    assert set(events.Tags()["images"]) == files
    for name in files:
        with Image.open(RUN / f"{name}.png") as picture:
            assert (picture.width, picture.height) == (events.Images(name)[0].width, events.Images(name)[0].height)
            assert len(np.unique(np.asarray(picture.resize((40, 40))))) > 1  # something is on it
    for stage, n, (matrix, *_), (images, labels, probabilities, _, title) in zip(
        ("val", "test"), (60, 90), drawn["plot_confusion_matrix"], drawn["plot_mistakes"], strict=True
    ):
        assert matrix.sum() == n
        accuracy = events.Scalars(f"{stage}/accuracy")[-1].value
        assert matrix.trace().item() / n == pytest.approx(accuracy)
        assert len(labels) == min(wrong := n - int(matrix.trace()), 40)
        assert f"{wrong} mistake" in title
        assert (probabilities.argmax(1) != labels).all()
        assert_labels_fit(images, labels)


def assert_labels_fit(images: Tensor, labels: Tensor) -> None:
    """The tiny images carry their label: it tells at which height the bar is."""
    heights = images.float().mean(2).argmax(1)
    assert all(h in (4 + 2 * n, 5 + 2 * n) for h, n in zip(heights.tolist(), labels.tolist(), strict=True))


def test_pictures_change_nothing_about_training_and_can_be_switched_off(digits: Digits) -> None:
    different = {
        "with": (PICTURES,),
        "without": ("--pictures=false",),
        "unlogged": (PICTURES, "--trainer.logger=false"),
    }
    for name, options in different.items():
        digits("fit", *SMALL_FIT, "--data.rotation=10", f"--name={name}", *options)
    runs = {name: Path(f"lightning_logs/{name}/version_0") for name in ("with", "without", "unlogged")}
    first, *others = (weights(run) for run in runs.values())
    assert all(same_weights(first, other) for other in others)
    assert not list(runs["without"].glob("*.png"))
    tables = [[row.split(",") for row in (run / "metrics.csv").read_text().splitlines()] for run in runs.values()]
    timed = {tables[0][0].index(name) for name in ("seconds", "images_per_second")}
    figures = [[[x for i, x in enumerate(row) if i not in timed] for row in table] for table in tables]
    assert len(figures[0]) == 2
    assert figures[0] == figures[1] == figures[2]
    scalars = [set(read_events(runs[name]).Tags()["scalars"]) for name in ("with", "without")]
    assert scalars[0] == scalars[1] > {"images_per_second", "by_epoch/val_error"}
    assert {path.name for path in runs["with"].glob("*.png")} == {path.name for path in runs["unlogged"].glob("*.png")}


def test_other_loggers_work(digits: Digits) -> None:
    logger = ("--trainer.logger=lightning.pytorch.loggers.CSVLogger", "--trainer.logger.save_dir=elsewhere")
    digits("fit", *FIT, *logger)
    assert (RUN / "curves.png").exists()
    assert list(Path("elsewhere").rglob("metrics.csv"))


def test_augmentation_is_shown_as_a_training_batch_has_it(tiny_mnist: Path) -> None:
    data = MNISTDataModule(val_size=60, non_digits=0.5)
    data.setup("fit")
    some = data.train.first(10)
    assert torch.equal(plots.as_trained_on(data, some), some.images.float())  # non-digits are not among them
    data.broadening["robust"] = 1.0
    changed = plots.as_trained_on(data, some)
    assert changed.shape == some.images.shape
    assert (changed - some.images).abs().mean() > 10


def test_without_validation_and_augmentation_there_are_no_pictures_of_them(digits: Digits) -> None:
    digits("fit", *FIT, "--data.val_size=0")
    assert {path.stem for path in RUN.glob("*.png")} == {"samples", "curves", "filters"}


def test_the_first_layer_and_what_it_makes_of_a_digit() -> None:
    image = torch.randint(256, (28, 28), dtype=torch.uint8)
    pixels = image[None, None] / 255
    conv = nn.Conv2d(1, 80, 5, padding=2)
    drawn = plots.first_layer(nn.Sequential(conv, nn.Flatten(), nn.Linear(10, 10)), image, pixels)
    assert drawn is not None
    weight, response = drawn
    assert torch.equal(weight, conv.weight[:64, 0])
    assert torch.equal(response, conv(pixels)[0, :64])
    linear = nn.Linear(784, 3)
    drawn = plots.first_layer(nn.Sequential(nn.Flatten(), linear), image, pixels)
    assert drawn is not None
    weight, response = drawn
    assert torch.equal(weight.view(3, 784), linear.weight)
    torch.testing.assert_close(response.sum((1, 2)), F.linear(image.float().view(784), linear.weight))
    for model in (nn.Conv2d(3, 8, 3), nn.Linear(28, 64), nn.LSTM(28, 64)):  # nothing that a picture could show
        assert plots.first_layer(model, image, pixels) is None
