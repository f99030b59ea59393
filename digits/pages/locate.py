"""Where a picture has ink, by the network in `digits.ink`.

Arrays: H rows, W columns of the picture; h rows, w columns of the picture as the network saw it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from digits.ink import STEP, ink_net

Grey = NDArray[np.float32]

MOST = 2_000_000  # pixels that a page may have when it is looked at again
EVEN = 0.06  # grey levels, of 1, that most of an even edge lies around its median
AROUND = 16  # pixels of paper that are added on each side


class InkMap(NamedTuple):
    """What a picture shows, each (h, w) float32 from 0 to 1.

    `ink` is how much ink is there; `other` how likely it belongs to no digit; `contact` how likely two digits touch;
    `scale` how many of its pixels are one of the picture; `image` the grey levels that were seen.
    """

    ink: Grey
    other: Grey
    contact: Grey
    scale: float
    image: Grey

    def within(self, box: Sequence[float], spare: float) -> "InkMap":
        """The ink in a box, (left, top, right, bottom) in pixels of the picture, and that many pixels around it."""
        left, top, right, bottom = (int(n * self.scale) for n in np.add(box, [-spare, -spare, spare, spare]))
        here = (slice(max(0, top), bottom + 1), slice(max(0, left), right + 1))
        ink = np.zeros_like(self.ink)
        ink[here] = self.ink[here]
        return self._replace(ink=ink)


def locate_ink(grey: Grey, scale: float) -> InkMap:
    """Find the ink of a picture, (H, W) from 0 to 255, that is first resized by `scale`."""
    size = [max(1, round(n * scale)) for n in grey.shape[::-1]]
    image = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR), np.float32) / np.float32(255)
    h, w = image.shape
    bottom, right = (-(n + 2 * AROUND) % STEP + AROUND for n in (h, w))
    padded = add_paper(torch.from_numpy(image)[None, None], (AROUND, right, AROUND, bottom))
    with torch.inference_mode():
        found = ink_net()(padded.contiguous(memory_format=torch.channels_last)).sigmoid()
    ink, other, contact = found[0, :, AROUND : AROUND + h, AROUND : AROUND + w].numpy()
    return InkMap(ink, other, contact, scale, image)


def add_paper(image: torch.Tensor, sides: tuple[int, int, int, int]) -> torch.Tensor:
    """Add pixels on the left, right, top and bottom of an image, (1, 1, h, w) from 0 to 1.

    Where the edge is even, they have its level: a stroke that reaches the edge ends there. Otherwise the edge goes on.
    """
    edge = torch.cat([image[0, 0, 0], image[0, 0, -1], image[0, 0, :, 0], image[0, 0, :, -1]])
    level = float(edge.median())
    if float(((edge - level).abs() < EVEN).float().mean()) > 0.6:
        return F.pad(image, sides, value=level)
    return F.pad(image, sides, mode="replicate")
