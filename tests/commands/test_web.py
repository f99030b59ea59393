"""The page with the network inside says what the network says."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from digits import load, models
from digits.classifier import Classifier, TrainedOn
from digits.commands.page.inside import look_inside
from digits.commands.web import read_web, write_web
from digits.data import MNISTDataModule
from digits.errors import InputError
from tests.browser import chromium, draw, said
from tests.helpers import Digits

FACTS = {"network": "Some", "source": "some/version_0"}
NETWORKS = ["MLP", "SmallCNN", "LargeCNN", "KaggleCNN", "BatchNormCNN", "DeepCNN", "FastCNN"]
CLASSIFY = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), images = [];
  for (let i = 0; i < bytes.length; i += 784) images.push(bytes.subarray(i, i + 784));
  return (await backend.classify(images)).digits.map((digit) => digit.probabilities);
}"""

INSIDE = """async (text) => {
  const image = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  let last;
  for await (last of backend.lookInside(image));
  return [slopeOf(image).slope, last.looked, last.shape].map((values) => Array.from(values));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for all tests, which open a page each: it takes longer to start than a page to answer."""
    with chromium() as one:
        yield one


def made(name: str) -> Classifier:
    """A network with random weights and statistics."""
    torch.manual_seed(0)
    network: Classifier = getattr(models, name)()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.running_var):
                assert values is not None
                nn.init.uniform_(values, 0.5, 2)
            nn.init.normal_(layer.weight)  # also negative ones: what is pooled first is no longer the largest
            nn.init.normal_(layer.bias)
            nn.init.normal_(layer.running_mean)  # type: ignore[arg-type]
    network.trained_on = TrainedOn(0.13, 0.31, tuple("0123456789"))
    network.temperature = 1.3
    network.second_look = 0.5
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_folded_layers_in_16_bits_say_what_the_network_says(name: str, tmp_path: Path) -> None:
    network = made(name)
    write_web(network, tmp_path / "page.html", FACTS)
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.uint8)
    with torch.inference_mode():
        expected = network.eval_logits(torch.from_numpy(images)).softmax(dim=1).numpy()
    np.testing.assert_allclose(read_web(tmp_path / "page.html")(images), expected, atol=0.02)


def test_the_page_needs_nothing_and_no_name_becomes_markup(tmp_path: Path) -> None:
    network = made("FastCNN")
    network.trained_on = TrainedOn(0.13, 0.31, ("</script><img src=x onerror=alert(1)>", *"123456789"))
    write_web(network, tmp_path / "page.html", FACTS)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "</script><img" not in page
    assert "default-src 'none'; script-src 'sha256-" in page
    markup = page.partition('<script id="stored"')[0]
    assert not [part for part in ("src=", "href=", "http:", "https:", "unsafe") if part in markup]


def test_what_the_page_cannot_compute_is_named(tmp_path: Path) -> None:
    network = made("FastCNN")
    network.layers.append(nn.Softplus())
    with pytest.raises(InputError, match="the page can't compute Softplus"):
        write_web(network, tmp_path / "page.html", FACTS)


@pytest.mark.slow
def test_export_writes_a_page(digits: Digits) -> None:
    digits("fit", "--model=MLP", "--model.hidden=[8]", "--trainer.max_epochs=1", "--pictures=false")
    assert "Exported: model.html" in digits("export", "--name=MLP", "--format=web")


@pytest.mark.slow
def test_the_page_reads_what_is_drawn_and_test_images_as_pytorch_does(browser: Any, tmp_path: Path) -> None:
    predictor = load("pretrained")
    write_web(predictor.model, tmp_path / "page.html", FACTS)
    data = MNISTDataModule()
    data.setup("predict")
    plain = data.predict.images.numpy()[:80]
    images = np.concatenate([plain, plain[:20] // 2 + plain[20:40] // 2])  # of two digits at once it is not sure
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    page.goto((tmp_path / "page.html").as_uri())
    for i, digit in enumerate("274"):
        draw(page, digit, 30 + 180 * i, 60, 150, 300)
    assert said(page) == "274"
    assert not page.is_visible("#teach, #photo, #chooser")
    assert page.is_visible("#looked")
    answers = np.array(page.evaluate(CLASSIFY, b64encode(images.tobytes()).decode()))
    assert errors == []
    assert (answers.max(axis=1) < predictor.model.second_look).sum() > 5
    np.testing.assert_allclose(answers, predictor.predict(images).probabilities, atol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_finds_where_the_network_looked_as_pytorch_does(name: str, browser: Any, tmp_path: Path) -> None:
    network = made(name)
    network.second_look = 0.0  # of which the page shows the first look only
    write_web(network, tmp_path / "page.html", FACTS)
    data = MNISTDataModule()
    data.setup("predict")
    image = data.predict.images.numpy()[0]
    raw = torch.from_numpy(image).float()[None].requires_grad_()
    (expected,) = torch.autograd.grad(network.eval_logits(raw).amax(), raw)
    maps, looked = look_inside(network, image)
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    slope, found, shape = page.evaluate(INSIDE, b64encode(image.tobytes()).decode())
    assert tuple(shape) == maps.shape
    assert np.corrcoef(slope, expected.flatten())[0, 1] > 0.99
    assert np.corrcoef(found, looked.flatten())[0, 1] > 0.5  # by other noise, in a network that learnt nothing
