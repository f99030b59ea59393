"""What is no page: things, plants, walls and clothes, as a camera sees them. Nothing is written there.

The dead leaves model (Matheron, 1968): shapes of all sizes that cover each other. Its edges are like those of
photographs (Lee, Mumford and Huang, 2001).
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.strokes import Grey

FORMS = ("stones", "stones", "shards", "blades", "blades", "bricks", "all")


def scenery(shape: tuple[int, int], dice: Dice) -> Grey:
    """A scene of one sort of shapes, or of all, each in a grey of its own that falls off to a side; (H, W), 0 to 1."""
    form, small, ratio = dice.pick(FORMS), dice.log_uniform(1.5, 12), dice.log_uniform(1.5, 20)
    square = 2 * np.log(ratio) * small**2 / (1 - ratio**-2)  # the mean of the squared sizes
    n = min(400, round(dice.log_uniform(0.3, 2) * shape[0] * shape[1] / square) + 3)
    image = Image.new("I", shape[::-1])
    pencil = ImageDraw.Draw(image)
    for i in range(1, n + 1):
        middle = np.array([dice.uniform(0, shape[1]), dice.uniform(0, shape[0])])
        size = small * dice.uniform(ratio**-2, 1) ** -0.5  # its density falls with the third power of the size
        leaf(pencil, form if form != "all" else dice.pick(FORMS[:-1]), middle, size, i, dice)
    which = np.asarray(image)
    middle_grey, spread = dice.uniform(0.2, 0.8), dice.log_uniform(0.05, 0.4)
    greys = np.clip(middle_grey + spread * dice.noise((n + 1, 1)), 0.02, 1)
    slopes, rough = 0.004 * dice.noise((n + 1, 2)), 0.06 * np.abs(dice.noise((n + 1, 1)))
    y, x = (np.arange(side, dtype=np.float32) - side / 2 for side in shape)
    falls = slopes[which, 0] * y[:, None] + slopes[which, 1] * x[None]
    grain = rough[which, 0] * dice.smooth_noise(shape, dice.log_uniform(2, 12))
    scene: NDArray[np.float32] = np.clip(greys[which, 0] + np.clip(falls, -0.2, 0.2) + grain, 0.01, 1)
    return scene


def leaf(
    pencil: ImageDraw.ImageDraw, form: str, middle: NDArray[np.float64], size: float, fill: int, dice: Dice
) -> None:
    """Draw one shape with a number as its colour."""
    if form == "bricks":
        w, h = size * dice.uniform(1, 2.5), size
        pencil.rectangle((middle[0] - w, middle[1] - h, middle[0] + w, middle[1] + h), fill=fill)
        return
    angle = dice.uniform(0, 2 * np.pi)
    along, across = (np.array([np.cos(a), np.sin(a)]) for a in (angle, angle + np.pi / 2))
    if form == "blades":  # grass, hair, twigs, cables
        length, bend = size * dice.uniform(3, 12), size * dice.uniform(-2, 2)
        ends = [middle - length * along, middle + bend * across, middle + length * along]
        pencil.line([(float(x), float(y)) for x, y in ends], fill=fill, width=max(1, round(0.5 * size)), joint="curve")
        return
    corners = dice.integer(3, 6) if form == "shards" else 16
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)[:, None]
    reach = size * (dice.rng.uniform(0.5, 1.2, (corners, 1)) if form == "shards" else 1.0)
    flat = dice.uniform(0.3, 1)
    outline = middle + reach * (np.cos(turns) * along + flat * np.sin(turns) * across)
    pencil.polygon([(float(x), float(y)) for x, y in outline], fill=fill)
