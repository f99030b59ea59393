"""Arrays and tensors that people have images in, as uint8 pictures.

Shapes: N images of H×W pixels with C channels.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from digits.errors import InputError
from digits.pages.photo import SIDE

COLOURS = (3, 4)  # channels of a picture in colour
SHAPES = "(H, W), (H, W, 1) or (H, W, 3) for one, (N, H, W), (N, H, W, C), (N, C, H, W) or (N, 784) for many"


def to_pictures(images: np.ndarray | Tensor) -> NDArray[np.uint8]:
    """Images of the shapes, types and ranges that `Predictor.predict` takes, as (N, H, W) or (N, H, W, C).

    Raises:
        InputError: they have another shape, type or range.
    """
    if isinstance(images, Tensor):
        images = (images.float() if images.is_floating_point() else images).detach().cpu().numpy()  # numpy lacks bf16
    array, shape = to_uint8(images), images.shape
    if array.ndim in (1, 2) and shape[-1] == SIDE**2:
        array = array.reshape(-1, SIDE, SIDE)
    if array.ndim == 4 and shape[1] in (1, *COLOURS) and shape[3] not in (1, *COLOURS):
        array = np.moveaxis(array, 1, 3)
    if array.ndim in (3, 4) and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in COLOURS):
        array = array[None]
    colour = array.ndim == 4 and array.shape[3] in COLOURS
    if not (array.ndim == 3 or colour) or 0 in array.shape[1:]:
        raise InputError(f"images of shape {tuple(shape)}: give {SHAPES}")
    if len(shape) == len(array) == 3 and array.shape[1:] != (SIDE, SIDE):
        raise InputError(
            f"images of shape {tuple(shape)} are three, or one in colour: give three as (3, 1, H, W), one as (H, W, 3)"
        )
    return array


def to_uint8(array: np.ndarray) -> NDArray[np.uint8]:
    """An array of any shape as uint8, 0 to 255: integers unchanged, other numbers multiplied by 255.

    Raises:
        InputError: it has another type or range.
    """
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    integers = np.issubdtype(array.dtype, np.integer)
    if integers and array.size and array.max() == 1:
        raise InputError("images of integers, 0 and 1: give bool, or integers from 0 to 255")
    if array.dtype == np.uint8:
        return array
    if not integers and not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"images of type {array.dtype}: give integers from 0 to 255, or float from 0 to 1")
    if array.size and not (array.min() >= 0 and array.max() <= (255 if integers else 1)):
        raise InputError(
            f"images from {array.min():g} to {array.max():g}: give float from 0 to 1, or integers from 0 to 255"
        )
    return (array if integers else (array * 255).round()).astype(np.uint8)
