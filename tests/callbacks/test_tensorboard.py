import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from torch import Tensor, nn

from digits.callbacks.tensorboard import LAYOUT
from digits.cli import main
from digits.models import Classifier
from tests.helpers import Digits, read_events

FIT = ("--model=LargeCNN", "--trainer.max_epochs=1", "--name=run", "--pictures=true", "--trainer.log_every_n_steps=2")
RUN = Path("lightning_logs/run/version_0")
SHORT = ("--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--data.val_size=60", "--data.batch_size=120")


def test_a_run_fills_the_pages_once(digits: Digits, trained: Digits) -> None:
    trained(*FIT)
    digits("test", "--name=run", "--pictures=true")
    digits("fit", *FIT, "--ckpt_path=last")  # resumes it
    assert len(list(RUN.glob("events.out.tfevents.*"))) == 3
    events = read_events(RUN)
    assert events.Tags()["graph"]
    (model,) = events.Tensors("model/text_summary")
    assert "LargeCNN" in str(model.tensor_proto)
    assert "max_epochs: 1" in str(events.Tensors("config/text_summary")[0].tensor_proto)
    assert len(events.Tensors("custom_scalars__config__")) == 1
    for label in range(10):
        assert [event.step for event in events.Tensors(f"precision_recall/{label}")] == [8]
        assert [event.step for event in events.Tensors(f"test_precision_recall/{label}")] == [0]


def test_charts_by_step_use_every_point_that_is_logged(trained: Digits) -> None:
    trained(*FIT)
    events = read_events(RUN)
    scalars = events.Tags()["scalars"]
    charts = {
        (category, title): [tag for tag in scalars if any(re.search(pattern, tag) for pattern in patterns)]
        for category, content in LAYOUT.items()
        for title, (_, patterns) in content.items()
    }
    assert charts["by step", "loss"] == ["train/loss_step", "val/loss"]
    assert charts["by step", "learning rate"] == ["lr-AdamW"]
    assert all(len(tags) == 2 for (_, title), tags in charts.items() if title != "learning rate")
    shown = {tag for tags in charts.values() for tag in tags}
    assert set(scalars) - shown == {"train/loss", "images_per_second"}
    assert [event.step for event in events.Scalars("train/loss_step")] == [2, 4, 6, 8]


class Attention(Classifier):
    """Rows of an image as a sequence; torch.jit traces it in two ways, as TransformerEncoder has a fast path."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(28, 4, 16, batch_first=True), 1)
        self.head = nn.Linear(28, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.encoder(images.squeeze(1)).mean(1))


class Named(Attention):
    """Returns what torch.jit can't trace, and has steps that take it."""

    def forward(self, images: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        return {"logits": super().forward(images)}

    def training_step(self, batch: Sequence[Tensor], batch_idx: int) -> Tensor:
        return nn.functional.cross_entropy(self(batch[0])["logits"], batch[1])

    def validation_step(self, batch: Sequence[Tensor], batch_idx: int) -> Tensor:
        return self(batch[0])["logits"]


@pytest.mark.parametrize("kind", ["Attention", "Named"])
def test_a_network_that_cannot_be_traced_trains(kind: str, digits: Digits, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fit", f"--model=tests.callbacks.test_tensorboard.{kind}", "--name=run", *SHORT])
    assert f"GRAPHS stays empty: torch.jit can't trace {kind}" in capsys.readouterr().err
    assert not read_events(RUN).Tags()["graph"]
