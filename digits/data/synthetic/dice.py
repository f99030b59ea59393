"""Random draws, from which ingredients of the made pages can be left out by name."""

import math
from collections.abc import Collection, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

T = TypeVar("T")


class Dice:
    """The random draws of one made page.

    Args:
        seed: all draws depend on it alone.
        without: names of ingredients that are never chosen, to measure what each is worth.
    """

    def __init__(self, seed: int | Sequence[int], without: Collection[str] = ()) -> None:
        self.rng = np.random.default_rng(seed)
        self.without = without

    def chance(self, probability: float, ingredient: str = "") -> bool:
        """True with this probability; never for an ingredient that is left out."""
        return bool(self.rng.random() < probability) and ingredient not in self.without

    def uniform(self, low: float, high: float) -> float:
        """A number from `low` to `high`, all equally likely."""
        return low + (high - low) * float(self.rng.random())

    def log_uniform(self, low: float, high: float) -> float:
        """A number from `low` to `high`, all orders of magnitude equally likely; both above 0."""
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.rng.integers(len(items)))]

    def noise(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Normal noise, mean 0, deviation 1, (H, W)."""
        return self.rng.standard_normal(shape, dtype=np.float32)

    def smooth_noise(self, shape: tuple[int, ...], scale: float) -> NDArray[np.float32]:
        """Noise that changes over `scale` pixels, mean about 0, deviation about 0.7, (H, W)."""
        k = max(2, round(max(shape) / scale) + 3)
        return np.array(Image.fromarray(self.noise((k, k))).resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
