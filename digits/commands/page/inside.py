"""What happens inside a network: its first layer's maps, and where in the image it looked.

Shapes: C channels, H rows, W columns; images are (28, 28) uint8, ink as 0 to 255.
"""

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from digits.network import Network

NOISY = 8  # copies of the image that the saliency is averaged over
NOISE = 0.1  # standard deviation of their noise, of full ink


def look_inside(model: Network, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look at what a network makes of one image.

    Where it looked is the derivative of the answer's logit by the image: how much each pixel matters. It is averaged
    over noisy copies (SmoothGrad: Smilkov et al., 2017), as it flickers from pixel to pixel.

    Args:
        model: the network.
        image: (28, 28) uint8.

    Returns:
        The maps of its first layer, after the first ReLU, (C, H, W) uint8, and where it looked, (28, 28) uint8; in
        each of the two, 255 is the largest value. Without a ReLU there are no maps: C is 0.
    """
    generator = torch.Generator().manual_seed(0)  # the same image looks the same each time
    raw = torch.from_numpy(image).float()
    noise = torch.randn(NOISY + 1, 28, 28, generator=generator) * (255 * NOISE)
    noise[0] = 0
    views = (raw + noise).requires_grad_()  # (9, 28, 28)
    seen: list[Tensor] = []
    pairs = pairwise(model.modules())
    before, relu = next((pair for pair in pairs if isinstance(pair[1], nn.ReLU)), (None, None))
    first = before if isinstance(before, nn.Flatten) else relu  # what it flattens has a place
    hook = first.register_forward_hook(lambda _, args, out: seen.append(args[0][0].detach().relu())) if first else None
    try:
        logits = model.eval_logits(views)
    finally:
        if hook is not None:
            hook.remove()
    (slope,) = torch.autograd.grad(logits[:, logits[0].argmax()].sum(), views)
    maps = as_maps(seen[0]) if seen else torch.empty(0, 1, 1)
    matters = F.avg_pool2d(slope.abs().mean(dim=0, keepdim=True), 3, stride=1, padding=1)[0]
    return to_bytes(maps), to_bytes(matters.square())  # squared, as even the paper matters a little


def as_maps(activations: Tensor) -> Tensor:
    """Activations of one image, (C, H, W), as they are; those of units without a place, (U,), as one square map."""
    if activations.ndim == 3:
        return activations
    side = math.ceil(math.sqrt(activations.numel()))
    square = activations.new_zeros(side * side)
    square[: activations.numel()] = activations.flatten()
    return square.view(1, side, side)


def to_bytes(values: Tensor) -> np.ndarray:
    """Values from 0 as uint8 of the same shape, the largest as 255."""
    largest = float(values.max()) if values.numel() else 0.0
    return (values * (255 / max(largest, 1e-9))).round().to(torch.uint8).numpy()
