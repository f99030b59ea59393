"""A trained network as one page: HTML that draws and answers in any browser, with no server and no network.

The page is that of `digits demo`, with the weights inside and a forward pass in JavaScript (page/static/network.js).

Shapes: N images, C channels, H rows, W columns, F filters, K classes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from digits.errors import InputError
from digits.network import Network, look_twice
from digits.transforms import normalize

STATIC = Path(__file__).parent / "page/static"
SCRIPTS = ("strokes.js", "paper.js", "network.js", "backward.js", "page.js")
DATA = re.compile(r'<script id="stored" type="application/json">(.*?)</script>', re.DOTALL)


class Layer(NamedTuple):
    """A step of the forward pass.

    Args:
        kind: conv, scale, pool, relu, flatten or linear.
        weight: of conv, (F, C, H, W); of scale, (C,); of linear, (K, C).
        bias: one for each filter, channel or class.
        stride: of a convolution, along both axes.
        padding: of a convolution: rows above and below, columns left and right, of zeros.
    """

    kind: str
    weight: Tensor = torch.empty(0)
    bias: Tensor = torch.empty(0)
    stride: int = 1
    padding: tuple[int, int] = (0, 0)

    @property
    def settings(self) -> dict[str, Any]:
        """What the page needs to know beside the weights."""
        return {"kind": self.kind, "shape": list(self.weight.shape), "stride": self.stride, "padding": self.padding}


def write_web(model: Network, path: Path, facts: dict[str, str]) -> None:
    """Write a network as one HTML file.

    Args:
        model: the network.
        path: the file.
        facts: where it came from; `network` and `source` are shown.

    Raises:
        InputError: the network has layers that the page can't compute.
    """
    known = model.trained_on
    if type(model).forward is not Network.forward or known is None:
        raise InputError(
            f"--format web is of networks that only name their layers, which {type(model).__name__} does not"
        )
    layers = fold(model.layers)
    weights = torch.cat([part.flatten() for layer in layers for part in (layer.weight, layer.bias)]).half()
    if not weights.isfinite().all():
        raise InputError("--format web: the weights are too large for 16 bits")
    content = {
        "source": f"{facts['network']}, {facts['source']}",
        "classes": list(known.classes),
        "mean": known.mean,
        "std": known.std,
        "temperature": model.temperature,
        "second_look": model.second_look,
        "doubt": model.doubt._asdict(),
        "layers": [layer.settings for layer in layers],
        "weights": base64.b64encode(weights.numpy().astype("<f2").tobytes()).decode(),
    }
    path.write_text(page(json.dumps(content)), encoding="utf-8")


def page(content: str) -> str:
    """The page with all that it needs inside; its policy allows nothing else, and no connection."""
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    script = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
    html = (STATIC / "page.html").read_text(encoding="utf-8")
    own = {"script-src": script, "style-src": style}
    policy = "; ".join(f"{kind} 'sha256-{sha256(text)}'" for kind, text in own.items())
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; {policy}">\n<style>{style}</style>'
    )
    data = content.replace("<", "\\u003c")  # no text in it ends the element
    body = f'<script id="stored" type="application/json">{data}</script>\n<script>{script}</script>'
    html = re.sub(r'<link rel="icon".*?>\n<link rel="stylesheet".*?>', lambda _: head, html)
    return re.sub(r"<script.*</script>", lambda _: body, html, flags=re.DOTALL)


def sha256(text: str) -> str:
    """As a policy names a script or a style."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def fold(layers: nn.Sequential) -> list[Layer]:
    """The layers of a network for the page: batch normalisation becomes part of the layer before it, if it has weights.

    Raises:
        InputError: names a layer that the page can't compute.
    """
    folded: list[Layer] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None and layer.running_var is not None:
            scale = layer.weight.detach() / (layer.running_var + layer.eps).sqrt()
            shift = layer.bias.detach() - layer.running_mean * scale
            if folded and folded[-1].kind == "conv":
                last = folded.pop()
                weight, bias = last.weight * scale[:, None, None, None], last.bias * scale + shift
                folded.append(last._replace(weight=weight, bias=bias))
            else:
                folded.append(Layer("scale", scale, shift))
        elif isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.dilation == (1, 1):
            folded.append(convolution(layer))
        elif isinstance(layer, nn.Linear):
            folded.append(Layer("linear", layer.weight.detach(), bias_of(layer)))
        elif isinstance(layer, nn.MaxPool2d) and F.max_pool2d(torch.eye(4)[None], 2).equal(layer(torch.eye(4)[None])):
            folded.append(Layer("pool"))
        elif isinstance(layer, nn.ReLU):
            folded.append(Layer("relu"))
        elif isinstance(layer, nn.Flatten):
            folded.append(Layer("flatten"))
        elif not isinstance(layer, nn.Dropout):
            raise InputError(f"--format web: the page can't compute {layer}")
    return folded


def convolution(layer: nn.Conv2d) -> Layer:
    """A convolution for the page.

    Raises:
        InputError: its stride or padding is not the same on both sides.
    """
    height, width = layer.kernel_size
    padding = layer.padding
    if padding == "same" and height % 2 and width % 2:
        padding = (height // 2, width // 2)
    elif padding == "valid":
        padding = (0, 0)
    if isinstance(padding, str) or len(set(layer.stride)) > 1 or layer.padding_mode != "zeros":
        raise InputError(f"--format web: the page can't compute {layer}")
    return Layer("conv", layer.weight.detach(), bias_of(layer), layer.stride[0], (padding[0], padding[1]))


def bias_of(layer: nn.Conv2d | nn.Linear) -> Tensor:
    """The bias of a layer, zeros where it has none."""
    return torch.zeros(layer.weight.shape[0]) if layer.bias is None else layer.bias.detach()


def read_web(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What a page computes, computed by torch: a function of images, (N, 28, 28) uint8, to probabilities, (N, K)."""
    found = DATA.search(path.read_text(encoding="utf-8"))
    assert found is not None
    content = json.loads(found[1])
    values = torch.from_numpy(np.frombuffer(base64.b64decode(content["weights"]), "<f2").astype(np.float32))
    layers, start = [], 0
    for settings in content["layers"]:
        kind, shape, stride, padding = (settings[key] for key in ("kind", "shape", "stride", "padding"))
        sizes = [int(np.prod(shape)), shape[0]]
        weight, bias = values[start : start + sum(sizes)].split(sizes)
        layers.append(Layer(kind, weight.view(shape), bias, stride, tuple(padding)))
        start += sum(sizes)

    def logits_of(x: Tensor) -> Tensor:
        for layer in layers:
            x = apply(layer, x)
        return x / content["temperature"]

    def predict(images: np.ndarray) -> np.ndarray:
        x = normalize(torch.from_numpy(images), content["mean"], content["std"])
        return look_twice(logits_of, x, content["second_look"]).softmax(dim=1).numpy()

    return predict


def apply(layer: Layer, x: Tensor) -> Tensor:
    """One step of the forward pass."""
    if layer.kind == "conv":
        return F.conv2d(x, layer.weight, layer.bias, layer.stride, layer.padding)
    if layer.kind == "scale":
        return x * layer.weight[:, None, None] + layer.bias[:, None, None]
    if layer.kind == "linear":
        return F.linear(x, layer.weight, layer.bias)
    return {"pool": lambda x: F.max_pool2d(x, 2), "relu": F.relu, "flatten": lambda x: x.flatten(1)}[layer.kind](x)
