"""Steps by the fast path are Lightning's own, bit by bit, and what it does not cover is left to Lightning."""

from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loops.training_epoch_loop import _TrainingEpochLoop
from torch import Tensor, nn

from digits.fast.loop import EpochLoop
from digits.models import MLP, Classifier
from tests.helpers import Digits, run_state

FIT = ("--trainer.max_epochs=2", "--trainer.log_every_n_steps=2", "--pictures=false")
CNN, MLP_16 = "--model=DeepCNN --model.width=0.05", "--model=MLP --model.hidden=[16]"
seen: list[tuple[Any, ...]] = []


class Watching(Callback):
    """Notes all that a callback is told about a step, and logs from it."""

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        seen.append(("start", batch_idx, trainer.global_step, batch[1].tolist()))

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        seen.append(("end", batch_idx, trainer.global_step, trainer.is_last_batch, rate, outputs))
        pl_module.log("watched", float(batch_idx))


class Logging(Classifier):
    """Returns and logs more than a loss, and takes no number of a batch."""

    def __init__(self, lr: float = 1e-3) -> None:
        super().__init__(lr)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def training_step(self, batch: Any) -> Any:  # type: ignore[override]
        loss = super().training_step(batch, 0)
        self.log("half", loss / 2, on_step=True, on_epoch=True)
        return {"loss": loss, "labels": batch[1]}


class Skipping(Logging):
    """Has no loss for every other batch."""

    def training_step(self, batch: Any) -> Any:  # type: ignore[override]
        step = super().training_step(batch)
        return step if self.trainer.global_step % 2 else None


class Hooked(Callback):
    """Does something in the middle of a step."""

    def on_after_backward(self, trainer: Trainer, pl_module: LightningModule) -> None:
        seen.append(("after backward",))


class OwnStep(MLP):
    """Steps its optimizer by itself."""

    def optimizer_step(self, *args: Any) -> None:
        seen.append(("own step",))
        super().optimizer_step(*args)


def not_taken(self: Any, data_fetcher: Any) -> None:
    pytest.fail("a step took the other way")


@pytest.mark.filterwarnings("ignore:.*training_step.*None")  # of Skipping
@pytest.mark.parametrize(
    "options",
    [
        f"{CNN} --data.rotation=10 --trainer.precision=32-true",
        f"{CNN} --trainer.precision=bf16-mixed",
        f"{MLP_16} --model.label_smoothing=0.1 --trainer.val_check_interval=0.5",
        f"{MLP_16} --trainer.limit_train_batches=5 --trainer.callbacks=EMAWeightAveraging",
        f"{MLP_16} --trainer.max_steps=5",
        "--model=tests.fast.test_loop.Logging --trainer.callbacks=tests.fast.test_loop.Watching",
        "--model=tests.fast.test_loop.Skipping --trainer.callbacks=tests.fast.test_loop.Watching",
    ],
)
def test_the_fast_path_leads_to_the_same(
    options: str, digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, ends = [], []
    for name in ("fast", "whole"):
        with monkeypatch.context() as patch:
            if name == "fast":
                patch.setattr(_TrainingEpochLoop, "advance", not_taken)
            else:
                patch.setattr(EpochLoop, "allows_fast_path", lambda self: False)
            seen.clear()
            digits("fit", *FIT, *options.split(), f"--name={name}")
        told.append([tuple(_plain(value) for value in one) for one in seen])
        ends.append(run_state(tmp_path / "lightning_logs" / name / "version_0"))
    assert told[0] == told[1]
    assert ends[0] == ends[1]
    if "Watching" in options:
        assert len(told[0]) == 2 * 16
        assert {"half_step", "half_epoch", "watched"} <= ends[0]["curves"].keys()


def _plain(value: Any) -> Any:
    """Tensors, also in a dictionary, as lists."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.tolist() if isinstance(value, Tensor) else value


@pytest.mark.parametrize(
    "options",
    [
        "--trainer.accumulate_grad_batches=2",
        "--trainer.gradient_clip_val=1",
        "--trainer.precision=bf16-true",
        "--trainer.profiler=simple",
        "--trainer.callbacks=tests.fast.test_loop.Hooked",
        "--model=tests.fast.test_loop.OwnStep",
    ],
)
def test_what_the_fast_path_does_not_cover_is_left_to_lightning(
    options: str, digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EpochLoop, "optimize", None)  # not taken
    seen.clear()
    digits("fit", *MLP_16.split(), *FIT, *options.split())
    assert len(seen) == (16 if "test_loop" in options else 0)
