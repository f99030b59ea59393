"""The network that finds ink: a small U-Net (Ronneberger, Fischer and Brox, 2015), and its packaged weights.

Plain torch, so that predicting imports no training code; `digits.segmenter` trains it.
"""

from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from digits.network import optimize_for_inference

WEIGHTS = Path(__file__).parent / "ink.pt"
WIDTHS = (16, 24, 40, 64, 96)  # channels of each level
STEP = 2 << (len(WIDTHS) - 1)  # heights and widths must be multiples of it


class InkNet(nn.Module):
    """Tells for each pixel of a page whether it is ink, whether that is no digit, and where two digits touch.

    The first layer takes blocks of 2×2 pixels as channels, and the last one gives them back, so that most of the work
    is done at half the resolution; each level below halves it again.
    """

    def __init__(self) -> None:
        super().__init__()
        first, last, pairs = WIDTHS[0], WIDTHS[-1], list(pairwise(WIDTHS))
        self.stem = nn.Sequential(conv(8, first), conv(first, first))
        self.down = nn.ModuleList(nn.Sequential(nn.MaxPool2d(2), conv(a, b), conv(b, b)) for a, b in pairs)
        self.bottom = nn.Sequential(SeparableBlock(last), SeparableBlock(last))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(conv(a, a) for a, _ in reversed(pairs))
        self.head = nn.Conv2d(first, 12, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        """Grey levels 0 to 1, (N, 1, H, W), to logits of ink, of no digit, of contact, (N, 3, H, W)."""
        seen = torch.cat([2 * images - 1, local_contrast(images)], dim=1)
        levels = [self.stem(F.pixel_unshuffle(seen, 2))]  # (N, 16, H/2, W/2)
        for down in self.down:
            levels.append(down(levels[-1]))
        y = self.bottom(levels.pop())  # (N, 96, H/32, W/32)
        for up, merge in zip(self.up, self.merge, strict=True):
            y = merge(F.interpolate(up(y), scale_factor=2.0) + levels.pop())
        return F.pixel_shuffle(self.head(y), 2)


def local_contrast(images: Tensor) -> Tensor:
    """How much lighter pixels are than the 40×40 around them, in units of two deviations there; (N, 1, H, W), -2 to 2.

    This takes out gradients, shadows and exposure, which the network then need not learn.
    """
    blocks = F.avg_pool2d(torch.cat([images, images.square()], dim=1), 8)
    around = F.avg_pool2d(blocks, 5, 1, 2, count_include_pad=False)
    mean, square = F.interpolate(around, scale_factor=8.0, mode="bilinear", align_corners=False).split(1, dim=1)
    deviation = (square - mean.square()).clamp(min=0).sqrt()
    return (0.5 * (images - mean) / (deviation + 0.02)).clamp(-2, 2)


def conv(inputs: int, outputs: int) -> nn.Sequential:
    """A 3×3 convolution with batch normalisation and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True))


class SeparableBlock(nn.Module):
    """A residual block that looks further: a depthwise 5×5 convolution, then a pointwise one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return F.relu(x + self.layers(x))


@cache
def ink_net() -> InkNet:
    """The network with the packaged weights, ready to predict."""
    network = InkNet()
    network.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    return optimize_for_inference(network.eval().requires_grad_(False))


def save_weights(network: InkNet, path: Path) -> None:
    """Save the weights in half precision."""
    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    torch.save(state, path)
