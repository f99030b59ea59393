"""Made pages."""

from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from torch import Tensor

from digits.data.synthetic import SyntheticPages, make_crop
from digits.data.synthetic.crop import SIDE, Digits
from digits.data.synthetic.datamodule import to_write_with
from digits.data.synthetic.dice import Dice
from digits.segmenter import InkSegmenter


@pytest.fixture(scope="module")
def pen() -> Digits:
    """Two digits to write with: a bar and a ring."""
    images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    images[0, 4:24, 13:16] = 255
    images[1, 5:23, 8:20] = 255
    images[1, 8:20, 11:17] = 0
    return to_write_with(images, torch.tensor([1, 0]))


def test_a_crop_says_what_each_pixel_is(pen: Digits) -> None:
    written = 0
    for seed in range(12):
        crop = make_crop(Dice(seed), pen)
        for layer in crop:
            assert layer.shape == (SIDE, SIDE)
            assert layer.dtype == np.uint8
        assert not crop.other[crop.ink == 0].any()
        written += bool(crop.ink.any())
        assert crop.image.std() > 0
    assert written > 8


def test_the_seed_decides_everything(pen: Digits) -> None:
    a, b, c = (make_crop(Dice(seed), pen) for seed in (7, 7, 8))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a.image, c.image)


def test_ingredients_can_be_left_out(pen: Digits) -> None:
    for seed in range(12):
        crop = make_crop(Dice(seed, without=("letters", "marks", "typed")), pen)
        assert not crop.other.any()


def test_batches_are_made_as_asked(tiny_mnist: Path) -> None:
    data = SyntheticPages(batch_size=2, crops=4, val_crops=2, digits=20, val_size=60, num_workers=0)
    data.setup("fit")
    batches = list(data.train_dataloader())
    assert [tuple(batch.shape) for batch in batches] == [(2, 4, SIDE, SIDE)] * 2
    again = list(data.train_dataloader())
    assert all(torch.equal(a, b) for a, b in zip(batches, again, strict=True))
    assert not torch.equal(next(iter(data.val_dataloader())), batches[0])


def test_no_epoch_sees_the_crops_of_another(tiny_mnist: Path, tmp_path: Path) -> None:
    seen = []

    class Watch(InkSegmenter):
        def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
            seen.append(batch)
            return next(self.parameters()).sum()

        def validation_step(self, batch: Tensor, batch_idx: int) -> None:
            pass

    data = SyntheticPages(batch_size=2, crops=2, val_crops=2, digits=20, val_size=60, num_workers=0)
    Trainer(
        max_epochs=3,
        accelerator="cpu",
        default_root_dir=tmp_path,
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    ).fit(Watch(), data)
    assert len({batch.numpy().tobytes() for batch in seen}) == 3
