"""How likely ink is a digit, by the classifier that comes with the package.

Arrays: N pieces of ink, each (h, w) from 0 to 1.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from hashlib import blake2b

import numpy as np
import torch
from numpy.typing import NDArray

from digits.checkpoint import Checkpoint
from digits.network import Network, optimize_for_inference, probabilities_of
from digits.pages.locate import Grey
from digits.pages.photo import SIDE, NoDigit, center, resize_to_box
from digits.runs import PRETRAINED

known: ContextVar[dict[tuple[tuple[int, ...], bytes], float] | None] = ContextVar("known", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Judge no piece of ink twice within: on a page, a third of them are asked about again."""
    token = known.set({})
    try:
        yield
    finally:
        known.reset(token)


def judge(pieces: list[Grey]) -> NDArray[np.float64]:
    """How likely pieces of ink are digits, (N,), by the network that comes with the package."""
    if (before := known.get()) is None:
        return judge_anew(pieces)
    keys = [(ink.shape, blake2b(ink.tobytes(), digest_size=16).digest()) for ink in pieces]
    new = {key: ink for key, ink in zip(keys, pieces, strict=True) if key not in before}
    before.update(zip(new, judge_anew([*new.values()]).tolist(), strict=True))
    return np.array([before[key] for key in keys])


def judge_anew(pieces: list[Grey]) -> NDArray[np.float64]:
    """As `judge`, whatever was judged before."""
    forms, drawn = np.zeros((len(pieces), SIDE, SIDE), np.uint8), np.zeros(len(pieces), bool)
    for i, ink in enumerate(pieces):
        with suppress(NoDigit):
            forms[i], drawn[i] = center(resize_to_box(ink)), True
    return np.where(drawn, confidences(forms), 0)


def confidences(forms: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The largest probability of each image, (N, 28, 28), by the network that comes with the package; (N,)."""
    return probabilities(forms).max(axis=1)


def probabilities(forms: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The probabilities of the digits 0 to 9, (N, 10), of images, (N, 28, 28), by the same network."""
    return probabilities_of(pretrained(), torch.from_numpy(forms)).double().numpy()


@cache
def pretrained() -> Network:
    """The classifier that comes with the package; loaded when it is asked for the first time."""
    network = Checkpoint.read(PRETRAINED).network()
    network.second_look = 0.0  # of the many pieces of ink that are no digits, a first look says enough
    return optimize_for_inference(network)
