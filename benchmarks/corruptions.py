"""The fifteen corruptions of MNIST-C (Mu and Gilmer, 2019), written anew with the severities that were published.

Each takes images, (N, 28, 28) float64 from 0 to 1, and a generator, and returns as many of the same shape and range.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

Images = NDArray[np.float64]

SIDE = 28
CENTRE = (SIDE - 1) / 2
KEPT_OUT = ("stripe", "canny_edges")  # nothing like them is in the recipe of configs/robust.yaml


def shot_noise(x: Images, rng: Generator) -> Images:
    """Photon counts of at most 3 on average."""
    return np.clip(rng.poisson(3 * x) / 3, 0, 1)


def impulse_noise(x: Images, rng: Generator) -> Images:
    """17% of the pixels become black or white."""
    hit, white = rng.random(x.shape) < 0.17, rng.random(x.shape) < 0.5
    return np.where(hit, white, x)


def blur(x: Images, sigma: float) -> Images:
    """Gaussian blur of each image, its edge continued."""
    return ndimage.gaussian_filter(x, (0, sigma, sigma), mode="nearest")


def glass_blur(x: Images, rng: Generator) -> Images:
    """Half of the pixels change places with a neighbour, twice, between two blurs."""
    x = np.floor(blur(x, 0.7) * 255) / 255
    n = np.arange(len(x))
    for _ in range(2):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                moved = (rng.random(len(x)) < 0.5)[:, None]
                other = np.where(moved, rng.integers(-1, 1, (len(x), 2)), 0) + np.array([row, column])
                there = n, other[:, 0], other[:, 1]
                x[:, row, column], x[there] = x[there], x[:, row, column].copy()
    return np.clip(blur(x, 0.7), 0, 1)


def motion_blur(x: Images, rng: Generator) -> Images:
    """Half a Gaussian of 3 pixels, cut off at 21, in a direction within 45° of the horizontal."""
    weights = np.exp(-(np.arange(21) ** 2) / (2 * 3**2))
    weights /= weights.sum()
    angle = np.radians(rng.uniform(-45, 45, len(x)))
    rows, columns = np.indices((SIDE, SIDE))
    out = np.zeros_like(x)
    for i, weight in enumerate(weights):
        down, right = (np.ceil(i * step - 0.5).astype(int)[:, None, None] for step in (np.sin(angle), np.cos(angle)))
        at = np.clip(rows + down, 0, SIDE - 1), np.clip(columns + right, 0, SIDE - 1)
        out += weight * x[np.arange(len(x))[:, None, None], *at]
    return out


def warp(x: Images, matrices: NDArray[np.float64], offsets: NDArray[np.float64] | float = 0.0) -> Images:
    """Sample each image at a matrix, (N, 2, 2) of row and column, times the place from its middle, plus an offset."""
    places = np.indices((SIDE, SIDE)).reshape(2, -1) - CENTRE
    at = matrices @ places + CENTRE + np.broadcast_to(offsets, (len(x), 2))[:, :, None]
    out = [ndimage.map_coordinates(image, xy, order=1) for image, xy in zip(x, at, strict=True)]
    return np.stack(out).reshape(x.shape)


def signs(n: int, rng: Generator) -> NDArray[np.float64]:
    """-1 or 1, (n,)."""
    return rng.choice([-1.0, 1.0], n)


def rotate(x: Images, rng: Generator) -> Images:
    """By 0.4 radians, 23°, to either side."""
    angle = 0.4 * signs(len(x), rng)
    return warp(x, np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1))


def shear(x: Images, rng: Generator) -> Images:
    """By 0.4 radians, to either side."""
    angle, ones = 0.4 * signs(len(x), rng), np.ones(len(x))
    return warp(x, np.array([[np.cos(angle), 0 * ones], [-np.sin(angle), ones]]).transpose(2, 0, 1))


def scale(x: Images, rng: Generator) -> Images:
    """To 0.7 of the size."""
    return warp(x, np.eye(2)[None] / 0.7)


def translate(x: Images, rng: Generator) -> Images:
    """By 3 pixels along each axis."""
    return warp(x, np.eye(2)[None], 3 * np.stack([signs(len(x), rng), signs(len(x), rng)], 1))


def brightness(x: Images, rng: Generator) -> Images:
    """Lighter by half of the range."""
    return np.clip(x + 0.5, 0, 1)


def stripe(x: Images, rng: Generator) -> Images:
    """The left and the right quarter are inverted."""
    out = 1 - x
    out[:, :, 7:21] = x[:, :, 7:21]
    return out


def plasma(rng: Generator, side: int = 256, decay: float = 1.4) -> Images:
    """A fractal height map by the diamond-square algorithm, (side, side), 0 to 1, continued around its edges."""
    heights = np.zeros((side, side))
    step, rough = side, 100.0

    def noise(total: Images) -> Images:
        return total / 4 + rough * rng.uniform(-rough, rough, total.shape)

    while step >= 2:
        half = step // 2
        corners = heights[::step, ::step]
        right = corners + np.roll(corners, -1, 0)
        heights[half::step, half::step] = noise(right + np.roll(right, -1, 1))
        middle, corners = heights[half::step, half::step], heights[::step, ::step]
        heights[::step, half::step] = noise(middle + np.roll(middle, 1, 0) + corners + np.roll(corners, -1, 1))
        heights[half::step, ::step] = noise(middle + np.roll(middle, 1, 1) + corners + np.roll(corners, -1, 0))
        step, rough = half, rough / decay
    heights -= heights.min()
    return heights / heights.max()


def fog(x: Images, rng: Generator) -> Images:
    """Three times a height map is added, and the sum scaled back."""
    highest = x.max(axis=(1, 2), keepdims=True)
    clouds = np.stack([plasma(rng)[:SIDE, :SIDE] for _ in x])
    return np.clip((x + 3 * clouds) * highest / (highest + 3), 0, 1)


def spatter(x: Images, rng: Generator) -> Images:
    """Blots of dark grey."""
    liquid = blur(rng.normal(0.65, 0.3, x.shape), 1)
    blots = blur((liquid > 0.65).astype(float), 1.5)
    blots[blots < 0.8] = 0
    return np.clip(x * (1 - blots) + 63 / 255 * blots, 0, 1)


def draw_line(start: tuple[float, float], end: tuple[float, float]) -> Images:
    """A soft line from (column, row) to another, further to the right, (28, 28)."""
    (left, top), (right, bottom) = start, end
    if left == right:
        return np.zeros((SIDE, SIDE))
    rows, columns = np.indices((SIDE, SIDE))
    distance = np.abs(rows - top - (bottom - top) / (right - left) * (columns - left))
    line = np.clip(np.log1p(-np.minimum(distance, 2.3 - 1e-10) / 2.3) + 1, 0, 1)
    return np.where((columns >= np.floor(left)) & (columns < np.ceil(right)), line, 0)


def dotted_line(x: Images, rng: Generator) -> Images:
    """A line across the image, of which every other two columns are left out."""
    drawn = np.arange(SIDE) // 2 % 2 == 1
    lines = [draw_line((0, a), (27, b)) * drawn for a, b in rng.integers(0, 27, (len(x), 2))]
    return np.clip(x + np.stack(lines), 0, 1)


def zigzag(x: Images, rng: Generator) -> Images:
    """A zigzag across the image, 4 pixels high and 8 long."""
    out = x.copy()
    for image in out:
        first = rng.integers(0, 27)
        slope = np.arctan(rng.integers(-5, 5) / 23)
        length = 23 / np.cos(slope)
        along = [0, *(4.0 * i + 2 for i in range(int((length - 2) // 4) + 1))]
        aside = [0, *(2.0 * (-1) ** i for i in range(len(along) - 1))]
        rest = length - 4 * (length // 4)
        if rest:
            along, aside = [*along, length], [*aside, aside[-1] / (2 * rest)]
        points = np.array([[np.cos(slope), -np.sin(slope)], [np.sin(slope), np.cos(slope)]]) @ [along, aside]
        corners = points.T + np.array([2, first])
        for start, end in pairwise(corners):
            image[:] = np.clip(image + draw_line(tuple(start), tuple(end)), 0, 1)
    return out


def canny_edges(x: Images, rng: Generator) -> Images:
    """The edges that Canny's detector (1986) finds: a blur of 1 pixel, thresholds 0.1 and 0.2 of Sobel's gradient."""
    smooth = blur(x, 1)
    down, right = (  # not `ndimage.sobel`, which would smooth from image to image, too
        ndimage.correlate1d(ndimage.correlate1d(smooth, [-1, 0, 1], along), [1, 2, 1], across)
        for along, across in ((1, 2), (2, 1))
    )
    size = np.hypot(down, right)
    # A pixel is on the edge if its gradient is larger than those one step up and down the slope.
    steps = np.maximum(np.maximum(np.abs(down), np.abs(right)), 1e-12)
    places = np.indices(x.shape).astype(float)
    ahead, behind = (
        ndimage.map_coordinates(size, [places[0], places[1] + s * down / steps, places[2] + s * right / steps], order=1)
        for s in (1, -1)
    )
    thin = (size >= ahead) & (size >= behind)
    weak, strong = thin & (size >= 0.1), thin & (size >= 0.2)
    near = np.zeros((3, 3, 3), bool)
    near[1] = True
    parts, n = ndimage.label(weak, near)
    kept = np.zeros(n + 1, bool)
    kept[np.unique(parts[strong])] = True
    kept[0] = False
    return kept[parts].astype(float)


CORRUPTIONS: list[Callable[[Images, Generator], Images]] = [
    *(shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness, translate, stripe, fog),
    *(spatter, dotted_line, zigzag, canny_edges),
]
