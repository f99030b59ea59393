from pathlib import Path

import pytest
import torch

from digits.data import Digits as Images
from digits.data import DigitsDataModule
from digits.data.workers import AugmentedImages, SeededBatches
from tests.helpers import Digits, draw, same_weights, weights

BROAD = {"rotation": 10.0, "elastic": 0.01, "styles": 0.5, "robust": 0.5, "non_digits": 0.2}


class Tiny(DigitsDataModule):
    """Ninety images."""

    def load(self, split: str) -> Images:
        return Images(*draw(90, seed=3))


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
def test_training_is_the_same_bit_by_bit_whoever_augments(digits: Digits) -> None:
    broad = [f"--data.{name}={value}" for name, value in BROAD.items()]
    small = ("--data.batch_size=20", "--data.val_size=10", "--trainer.max_epochs=2", "--pictures=false", "--threads=1")
    for workers in (0, 2):
        network = ("--model=MLP", "--model.hidden=[16]", f"--name=by{workers}", f"--data.num_workers={workers}")
        digits("fit", *network, *small, *broad, "--data=tests.data.test_workers.Tiny")
    assert same_weights(*(weights(Path(f"lightning_logs/by{workers}/version_0")) for workers in (0, 2)))


def test_a_batch_is_made_by_its_seed_alone_and_by_the_data_module_s_own_augmentation() -> None:
    class Inverted(Tiny):
        def augment(self, images: torch.Tensor) -> torch.Tensor:
            return 255 - images

    data = Inverted(batch_size=20, val_size=10, rotation=1)
    data.setup("fit")
    made = AugmentedImages(data)
    order = SeededBatches(len(data.train), 20, seed=7)
    (seed, indices), *_ = order
    assert torch.equal(made[seed, indices].images, 255 - data.train[indices].images)
    order.set_epoch(1)
    seeds = [one for one, _ in order]
    assert len({seed, *seeds}) == 1 + len(seeds)
    resumed = SeededBatches(len(data.train), 20, seed=7, epoch=1, start=2)
    assert [one for one, _ in resumed] == seeds[2:]
