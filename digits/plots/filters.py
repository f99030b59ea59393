"""The weights of the first layer."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from digits.plots.tiles import to_tile


def plot_filters(weight: Tensor) -> Image.Image:
    """What does the first layer look for? Blue is ink that speaks for it, orange ink that speaks against it.

    Args:
        weight: (filters, H, W), float; each filter is scaled by its own largest weight.
    """
    scaled = weight / weight.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    for_ink, against = np.array([0, 114, 178]), np.array([213, 94, 0])
    strength = scaled.numpy()[..., None]
    shaded = np.where(strength > 0, 255 + strength * (for_ink - 255), 255 - strength * (against - 255))
    scale = max(1, 56 // max(weight.shape[1:]))
    columns = 10 if len(weight) > 8 else len(weight)
    side = max(weight.shape[1:]) * scale + 4
    sheet = Image.new("RGB", (columns * side, -(-len(weight) // columns) * side), "white")
    for i, pixels in enumerate(torch.from_numpy(shaded.round())):  # (H, W, 3)
        tile = to_tile(pixels, pixels.shape[1] * scale, pixels.shape[0] * scale)
        sheet.paste(tile, (i % columns * side + 2, i // columns * side + 2))
    return sheet
