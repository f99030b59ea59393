"""Network: layers, and all that predicting with them takes; plain torch, so that predicting imports no training code.

Shapes: N images, C channels, H rows, W columns, K classes.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from digits.doubt import Doubt
from digits.errors import InputError
from digits.transforms import normalize, redraw, shifted

Some = TypeVar("Some", bound=nn.Module)
DIGITS = tuple("0123456789")  # the classes of MNIST
BATCH = 500  # images that are predicted at once


class TrainedOn(NamedTuple):
    """What a network keeps of the images it was trained on.

    Args:
        mean: of their pixels, on the 0–1 scale.
        std: standard deviation of their pixels, on the 0–1 scale.
        classes: the names of the K classes.
    """

    mean: float
    std: float
    classes: tuple[str, ...]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "TrainedOn | None":
        """What the content of a checkpoint says of it; None after training on custom loaders."""
        data = content.get("data")
        return cls(data["mean"], data["std"], tuple(data["classes"])) if data else None


class Network(nn.Module):
    """A network that knows how its images are scaled, what its classes are called, and how sure it may be.

    Args:
        layers: take normalised images, (N, 1, 28, 28) float32, and return logits, (N, K).
    """

    def __init__(self, layers: nn.Sequential | None = None) -> None:
        super().__init__()
        self.layers = nn.Sequential() if layers is None else layers
        self.trained_on: TrainedOn | None = None
        self.temperature = 1.0  # fitted on the validation images; see `digits.metrics.fit_temperature`
        self.doubt = Doubt()  # set on the validation images; see digits/doubt.py
        self.tta = False  # test-time augmentation
        self.second_look = 0.0  # confidence below which an image is looked at again; see `eval_logits`
        self.fingerprints: Tensor | None = None  # of images that it was trained on; see digits/fingerprints.py

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images, (N, 1, 28, 28) float32, to logits, (N, K)."""
        if torch.jit.is_scripting():
            return self.layers(images)
        return self.layers(images.to(self.dtype))  # --trainer.precision 64-true and the like change it

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights."""
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """The device that the weights are on."""
        return next(self.parameters()).device

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the K classes; those of MNIST where the network has not been trained."""
        known = self.trained_on
        return DIGITS if known is None else known.classes

    def normalize_images(self, images: Tensor) -> Tensor:
        """Raw images, (N, H, W), 0 to 255, to (N, 1, H, W) float32, scaled as in training; others stay as they are."""
        if images.ndim == 4:
            return images
        if (known := self.trained_on) is None:
            raise InputError(
                "the network does not say what images it was trained on: train it anew, with a data module, or give "
                "scaled images, (N, 1, 28, 28) float32"
            )
        return normalize(images, known.mean, known.std)

    def eval_logits(self, images: Tensor) -> Tensor:
        """The logits that testing and predicting use, divided by the temperature.

        With `tta`, they are those of the mean probabilities of nine views. Without it, an image with a confidence below
        `second_look` is looked at eight times more, as `digits.transforms.redraw` changes it, and its logits are those
        of the mean probabilities of the nine looks.

        Args:
            images: raw, (N, 28, 28), 0 to 255, or normalised, (N, 1, 28, 28) float32.

        Returns:
            (N, K) float32.

        Raises:
            InputError: the images are raw, and the network was not trained on a DigitsDataModule.
        """
        images = self.normalize_images(images)
        if self.tta:
            return log_mean_softmax([self._calibrated(view) for view in shifted(images, (-1, 0, 1))])
        return look_twice(self._calibrated, images, self.second_look)

    def _calibrated(self, images: Tensor) -> Tensor:
        return self.full_precision_logits(images) / self.temperature

    def full_precision_logits(self, images: Tensor) -> Tensor:
        """As `forward`, but never in mixed precision, so that every command gives the same figures; float32."""
        device = images.device.type
        if not torch.is_autocast_enabled(device):
            return self.logits(images).float()
        with torch.autocast(device, enabled=False):
            return self.logits(images).float()

    def logits(self, images: Tensor) -> Tensor:
        """As `forward`.

        Raises:
            InputError: a custom `forward` returns something else than a tensor.
        """
        logits = self(images)
        if not isinstance(logits, Tensor):
            raise InputError(
                f"{type(self).__name__} gives a {type(logits).__name__} in place of logits, (N, K): return these from "
                "forward, or write training_step, validation_step, test_step and predict_step"
            )
        return logits

    def restore(self, content: dict[str, Any]) -> None:
        """Take all but the weights from the content of a checkpoint."""
        self.temperature = content.get("temperature", 1.0)
        self.second_look = content.get("second_look", 0.0)
        self.doubt = Doubt(**content.get("doubt", {}))
        self.fingerprints = content.get("fingerprints")
        if (known := TrainedOn.of(content)) is not None:
            self.trained_on = known


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Let a network predict for a while, without dropout and with the statistics of batch normalisation."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def optimize_for_inference(network: Some) -> Some:
    """Change a network that only predicts so that it takes a CPU two thirds of the time; the same but for rounding.

    Each batch normalisation becomes a part of the convolution before it, and weights are stored with the channels last.
    For a network that is trained further, `digits.fast.process.use_channels_last` does the latter alone.

    Returns:
        The network itself.
    """
    for part in network.modules():
        if isinstance(part, nn.Sequential):
            for i, (layer, following) in enumerate(pairwise(part)):
                if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                    part[i], part[i + 1] = fuse_conv_bn_eval(layer, following), nn.Identity()
    return network.to(memory_format=torch.channels_last)


@torch.inference_mode()
def probabilities_of(network: Network, images: Tensor) -> Tensor:
    """The probabilities, (N, K) float32 on the CPU, of any number of raw images, (N, 28, 28), batch by batch."""
    batches = images.split(BATCH) if len(images) else ()
    found = [network.eval_logits(some.to(network.device)).softmax(dim=1).cpu() for some in batches]
    return torch.cat(found) if found else torch.empty(0, len(network.classes))


def look_twice(logits_of: Callable[[Tensor], Tensor], images: Tensor, least: float) -> Tensor:
    """Logits, (N, K), of normalised images, (N, 1, 28, 28); of nine looks at those less sure than `least`."""
    logits = logits_of(images)
    if least and (again := logits.softmax(dim=1).amax(dim=1) < least).any():
        some = images[again]
        logits[again] = log_mean_softmax([logits[again], *map(logits_of, redraw(some))])
    return logits


def log_mean_softmax(logits: Sequence[Tensor]) -> Tensor:
    """Logits, each (N, K), to the logarithm of the mean of their probabilities, (N, K)."""
    return torch.stack([one.log_softmax(dim=1) for one in logits]).logsumexp(dim=0) - math.log(len(logits))
