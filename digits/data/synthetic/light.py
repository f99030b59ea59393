"""Light on the page and the camera that takes it: gradients, vignettes, shadows, blur, noise, JPEG.

Images are (H, W) float32, 0 (black) to 1 (white).
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.paper import beyond
from digits.data.synthetic.strokes import Grey


def gradient(shape: tuple[int, int], dice: Dice) -> Grey:
    """Light that falls off towards a side, and wavers; about 1."""
    y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in shape)
    light = 1 + dice.uniform(-0.5, 0.5) * y[:, None] + dice.uniform(-0.5, 0.5) * x[None, :]
    return light + dice.uniform(0, 0.15) * dice.smooth_noise(shape, dice.log_uniform(40, 200))


def vignette(shape: tuple[int, int], dice: Dice) -> Grey:
    """Light that falls off around a point."""
    y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) - dice.uniform(-1, 1) for n in shape)
    away = np.hypot(y[:, None], x[None, :]) - dice.uniform(0, 0.4)
    return 1 - dice.uniform(0.2, 1.6) * np.clip(away, 0, 0.9)


def shadow(shape: tuple[int, int], dice: Dice) -> Grey:
    """The shadow of something with an edge, hard or soft, straight or not: of a wall, of a corner, or of a pen.

    Away from its edge it may fade, as the shadow of something that is not flat on the page does.
    """
    bend = dice.uniform(0, 25) if dice.chance(0.5) else 0.0
    angle, distance = dice.uniform(0, 2 * np.pi), dice.uniform(-0.45, 0.45) * min(shape)
    away = beyond(shape, angle, distance, dice, bend)
    if dice.chance(0.3):  # a second edge: a band from 5 pixels wide, or a corner
        band = dice.chance(0.5)
        turn = np.pi if band else dice.uniform(0.5, 2.6)
        other = -distance - dice.log_uniform(5, 120) if band else dice.uniform(-0.45, 0.45) * min(shape)
        away = np.minimum(away, beyond(shape, angle + turn, other, dice, bend))
    inside = 1 / (1 + np.exp(np.clip(-away / dice.log_uniform(0.15, 40), -30, 30)))
    if dice.chance(0.3):
        inside = inside * np.exp(-np.clip(away, 0, None) / dice.log_uniform(15, 300))
    return 1 - dice.uniform(0.15, 0.75) * inside


def lighting(shape: tuple[int, int], dice: Dice) -> Grey:
    """All the light on one page."""
    light = np.ones(shape, np.float32)
    if dice.chance(0.85, "gradients"):
        light = gradient(shape, dice)
    if dice.chance(0.3, "gradients"):
        light = light * vignette(shape, dice)
    if dice.chance(0.4, "shadows"):
        for _ in range(dice.integer(1, 2)):
            light = light * shadow(shape, dice)
    return np.clip(light, 0.2, 2)


def camera(image: Grey, dice: Dice, blur: float) -> Grey:
    """Blur of up to `blur` pixels, exposure, noise and tone."""
    if dice.chance(0.8, "blur"):
        image = ndimage.gaussian_filter(image, dice.log_uniform(0.3, blur), truncate=3)
    if dice.chance(0.25, "boards"):
        image = 1 - image * dice.uniform(0.6, 1)  # light on dark: a board, a negative, a dark screen
    image = image * dice.uniform(0.7, 1.1)
    if dice.chance(0.8, "noise"):
        noise = dice.noise(image.shape)
        if dice.chance(0.3):
            noise = 1.8 * ndimage.uniform_filter(noise, 2)  # as cameras smooth it
        image = image + dice.log_uniform(0.003, 0.04) * noise
    return np.clip(image, 1e-3, 1) ** dice.log_uniform(0.6, 1.7) if dice.chance(0.5) else image


def coarsen(image: Grey, dice: Dice) -> Grey:
    """What is left of an image in a half to a quarter of the pixels, enlarged again."""
    h, w = image.shape
    factor = dice.uniform(1.5, 4)
    how = dice.pick((Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.NEAREST))
    size = (round(w / factor), round(h / factor))
    small = Image.fromarray(image.astype(np.float32)).resize(size, Image.Resampling.BOX)
    return np.asarray(small.resize((w, h), how))


def compress(pixels: np.ndarray, dice: Dice) -> np.ndarray:
    """What JPEG leaves of an image, (H, W) uint8."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=dice.integer(25, 95))
    return np.asarray(Image.open(file))
