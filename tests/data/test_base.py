import math
from typing import Any

import numpy as np
import pytest

from digits.data import DigitsDataModule, MNISTDataModule
from digits.errors import InputError


@pytest.mark.parametrize("value", [-1, "x", None, math.nan, True])
@pytest.mark.parametrize(
    "option", ["batch_size", "val_size", "split_seed", "rotation", "zoom", "styles", "num_workers"]
)
def test_what_is_no_number_from_0_is_refused(option: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"--data.{option} must be a .*number from .*, got {value!r}"):
        MNISTDataModule(**{option: value})


def test_a_count_is_whole() -> None:
    MNISTDataModule(batch_size=np.int64(8), rotation=np.float32(3))
    with pytest.raises(InputError, match=r"--data.val_size must be a whole number from 0, got 0\.1"):
        MNISTDataModule(val_size=0.1)


@pytest.mark.parametrize("stage", [None, "train", "val"])
def test_a_stage_that_there_is_not_is_refused(stage: Any) -> None:
    with pytest.raises(InputError, match='its stages are "fit", "validate", "test" and "predict"'):
        MNISTDataModule().setup(stage)


def test_data_of_ones_own_need_a_method_that_loads_them() -> None:
    class Own(DigitsDataModule):
        """Loads nothing."""

    with pytest.raises(InputError, match=r"Own has no images: give it a method `load\(split\)`"):
        Own().setup("fit")
