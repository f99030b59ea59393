import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from digits.callbacks import dashboard
from digits.metrics import OutcomeMetric
from digits.models import LargeCNN
from tests.helpers import Digits

FIT = ("--model=LargeCNN", "--trainer.max_epochs=2", "--name=run")
RUN = Path("lightning_logs/run/version_0")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    """What each picture was drawn from."""
    calls: dict[str, list[tuple[Any, ...]]] = {}
    for name in ("plot_confusion_matrix", "plot_mistakes", "plot_augmentation"):
        original = getattr(dashboard, name)

        def spy(*args: Any, name: str = name, original: Any = original) -> Image.Image:
            calls.setdefault(name, []).append(args)
            return original(*args)

        monkeypatch.setattr(dashboard, name, spy)
    return calls


def load(run: Path) -> EventAccumulator:
    events = EventAccumulator(str(run), size_guidance={"images": 0, "tensors": 0})
    events.Reload()
    return events


def test_pictures_lie_in_the_run_and_on_tensorboard(digits: Digits) -> None:
    digits("fit", *FIT, "--data.rotation=10")
    digits("test", "--name=run")
    files = {path.stem for path in RUN.glob("*.png")} - {"projector_sprite"}
    drawn = {"samples", "augmented", "curves", "confusion_matrix", "mistakes", "filters"}
    assert files == drawn | {"test_confusion_matrix", "test_mistakes", "test_calibration"}
    events = load(RUN)
    assert set(events.Tags()["images"]) == files
    for name in files:
        with Image.open(RUN / f"{name}.png") as picture:
            assert (picture.width, picture.height) == (events.Images(name)[0].width, events.Images(name)[0].height)
            assert len(set(picture.resize((40, 40)).get_flattened_data())) > 1  # something is on it
    assert events.Tags()["graph"]
    tensors = set(events.Tags()["tensors"])
    assert {f"precision_recall/{i}" for i in range(10)} <= tensors
    assert {f"test_precision_recall/{i}" for i in range(10)} <= tensors
    assert "LargeCNN" in str(events.Tensors("model/text_summary")[0].tensor_proto)
    assert "max_epochs: 2" in str(events.Tensors("config/text_summary")[0].tensor_proto)
    assert "custom_scalars__config__" in tensors


def test_what_is_drawn_is_what_was_scored(digits: Digits, drawn: dict[str, list[tuple[Any, ...]]]) -> None:
    digits("fit", *FIT)
    digits("test", "--name=run")
    events = load(RUN)
    for stage, n, (matrix, *_), (images, labels, probabilities, _) in zip(
        ("val", "test"), (60, 90), drawn["plot_confusion_matrix"], drawn["plot_mistakes"], strict=True
    ):
        assert matrix.sum() == n
        accuracy = events.Scalars(f"{stage}/accuracy")[-1].value
        assert matrix.trace().item() / n == pytest.approx(accuracy)
        assert len(labels) == min(n - matrix.trace(), 40)
        assert (probabilities.argmax(1) != labels).all()
        assert_labels_fit(images, labels)
    assert "plot_augmentation" not in drawn  # this run doesn't augment


def assert_labels_fit(images: Tensor, labels: Tensor) -> None:
    """The tiny images carry their label: it tells at which height the bar is."""
    heights = images.float().mean(2).argmax(1)
    assert all(h in (4 + 2 * n, 5 + 2 * n) for h, n in zip(heights.tolist(), labels.tolist(), strict=True))


def test_metrics_csv_has_a_row_per_epoch_with_the_logged_values(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.log_every_n_steps=4")
    with (RUN / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    events = load(RUN)
    assert [event.step for event in events.Scalars("train/loss_step")] == [4, 8, 12, 16]
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [row["step"] for row in rows] == ["8", "16"]
    for tag in ("train/loss", "train/accuracy", "train/error", "val/loss", "val/accuracy", "val/error"):
        values = [event.value for event in events.Scalars(tag)]
        assert [float(row[tag]) for row in rows] == pytest.approx(values)
        by_epoch = events.Scalars(f"by_epoch/{tag.replace('/', '_')}")
        assert [event.step for event in by_epoch] == [1, 2]
        assert [event.value for event in by_epoch] == pytest.approx(values)
    assert [event.value for event in events.Scalars("images_per_second")] == pytest.approx(
        [float(row["images_per_second"]) for row in rows]
    )


def test_the_projector_shows_the_last_hidden_layer(digits: Digits) -> None:
    digits("fit", *FIT)
    digits("test", "--name=run")
    vectors = torch.frombuffer(bytearray((RUN / "projector_vectors.bytes").read_bytes()), dtype=torch.float32)
    checkpoint = torch.load(RUN / "checkpoints/best.ckpt", weights_only=True)
    model = LargeCNN()
    model.load_state_dict(checkpoint["state_dict"])
    model.eval()
    from digits.data import MNISTDataModule

    data = MNISTDataModule()
    data.setup("test")
    images, labels = data.on_after_batch_transfer(data.test[torch.arange(90)], 0)
    torch.testing.assert_close(vectors.view(90, 50), model.layers[:-1](images).detach(), atol=1e-5, rtol=1e-5)
    assert (RUN / "projector_labels.tsv").read_text().split() == [str(n) for n in labels.tolist()]
    with Image.open(RUN / "projector_sprite.png") as sprite:
        assert sprite.size == (280, 280)
    assert "tensor_shape: 90\n  tensor_shape: 50" in (RUN / "projector_config.pbtxt").read_text()


def test_pictures_change_nothing_about_training_and_can_be_switched_off(digits: Digits) -> None:
    for name, options in [("with", ()), ("without", ("--pictures=false",)), ("unlogged", ("--trainer.logger=false",))]:
        digits("fit", "--model=LargeCNN", "--trainer.max_epochs=2", "--data.rotation=10", f"--name={name}", *options)
    runs = {name: Path(f"lightning_logs/{name}/version_0") for name in ("with", "without", "unlogged")}
    weights = [torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"] for run in runs.values()]
    for other in weights[1:]:
        assert all(torch.equal(value, other[key]) for key, value in weights[0].items())
    assert not list(runs["without"].glob("*.png"))
    tables = [[row.split(",") for row in (run / "metrics.csv").read_text().splitlines()] for run in runs.values()]
    timed = {tables[0][0].index(name) for name in ("seconds", "images_per_second")}
    figures = [[[x for i, x in enumerate(row) if i not in timed] for row in table] for table in tables]
    assert len(figures[0]) == 3
    assert figures[0] == figures[1] == figures[2]
    scalars = [set(load(runs[name]).Tags()["scalars"]) for name in ("with", "without")]
    assert scalars[0] == scalars[1] > {"images_per_second", "by_epoch/val_error"}
    assert {path.name for path in runs["with"].glob("*.png")} == {path.name for path in runs["unlogged"].glob("*.png")}


def test_other_loggers_work(digits: Digits) -> None:
    logger = ("--trainer.logger=lightning.pytorch.loggers.CSVLogger", "--trainer.logger.save_dir=elsewhere")
    digits("fit", *FIT, *logger)
    assert (RUN / "curves.png").exists()
    assert list(Path("elsewhere").rglob("metrics.csv"))


def test_resuming_keeps_the_rows_of_earlier_epochs(digits: Digits) -> None:
    digits("fit", *FIT, "--trainer.max_epochs=3")
    whole = (RUN / "metrics.csv").read_text().splitlines()
    checkpoint = torch.load(RUN / "checkpoints/best.ckpt", weights_only=True)
    digits("fit", *FIT, "--trainer.max_epochs=3", f"--ckpt_path={RUN}/checkpoints/best.ckpt")
    resumed = (RUN / "metrics.csv").read_text().splitlines()
    assert len(resumed) == len(whole) == 4
    assert resumed[: checkpoint["epoch"] + 1] == whole[: checkpoint["epoch"] + 1]


def test_without_validation_there_is_no_confusion_matrix(digits: Digits) -> None:
    digits("fit", *FIT, "--data.val_size=0")
    assert {path.stem for path in RUN.glob("*.png")} == {"samples", "curves", "filters"}


def test_outcomes_are_in_the_order_of_the_data() -> None:
    outcomes = OutcomeMetric()
    logits = torch.randn(5, 10)
    outcomes.update(logits[[0, 2, 4]], torch.tensor([0, 2, 4]), torch.tensor([0, 2, 4]))
    outcomes.update(logits[[1, 3]], torch.tensor([1, 3]), torch.tensor([1, 3]))
    kept, labels, indices = outcomes.compute()
    assert labels.tolist() == indices.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(kept, logits)


def test_runs_are_compared(digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    from digits.cli import main

    digits("fit", *FIT)
    digits("fit", "--model=MLP", "--trainer.max_epochs=1", "--name=other")
    tested = digits("test", "--name=run")
    Path("lightning_logs/run/version_1").mkdir()  # interrupted before its first epoch was over
    main(["compare", *map(str, sorted(Path("lightning_logs").glob("*/version_*")))])
    header, *rows, chart = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "model", "parameters", "epochs", "minutes", "validation", "error", "test", "error"]
    values = {row.split()[0]: row.split()[1:] for row in rows}
    assert values.keys() == {"run/version_0", "other/version_0"}
    assert values["run/version_0"][:3] == ["LargeCNN", "59,933", "2"]
    assert values["other/version_0"][:3] == ["MLP", "623,290", "1"]
    assert f"error {values['run/version_0'][-1]}" in tested
    assert chart == "Chart: lightning_logs/compare.png"
    assert Path("lightning_logs/compare.png").exists()


def test_comparing_nothing_is_an_error(digits: Digits) -> None:
    from digits.cli import main

    for path, reason in [("absent", "absent is no folder"), (".", "has a checkpoint: train first")]:
        with pytest.raises(SystemExit, match=reason):
            main(["compare", path])
