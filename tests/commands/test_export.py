import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from digits.commands import export
from digits.commands.export_formats import ExportModule, Format, format_of, write_torch
from digits.data import MNISTDataModule
from digits.errors import InputError
from digits.layers import mlp
from digits.network import Network, TrainedOn
from digits.runs import PRETRAINED
from tests.helpers import Digits, csv_probabilities

onnx = pytest.importorskip("onnx", reason="needs the extra export")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra export")

SHORT = ("--trainer.max_epochs=1", "--pictures=false", "--trainer.logger=false")


@pytest.fixture
def large_cnn(digits: Digits, trained: Digits) -> Digits:
    trained("--model=LargeCNN", *SHORT)
    return digits


def test_onnx_says_what_predict_says_of_raw_images(large_cnn: Digits, tmp_path: Path) -> None:
    out = large_cnn("export", "--name=LargeCNN", "--path=a.onnx")
    assert "Exported: a.onnx, 0.2" in out
    assert "the same class for 90, probabilities within" in out
    assert max(map(len, out.splitlines())) < 80
    large_cnn("predict", "--name=LargeCNN", "--predictions.path=p.csv")
    data = MNISTDataModule()
    data.setup("predict")
    images = data.predict.images.numpy()
    session = onnxruntime.InferenceSession("a.onnx")
    for n in (1, 7, 90):
        (probabilities,) = session.run(None, {"images": images[:n]})
        np.testing.assert_allclose(probabilities, csv_probabilities("p.csv")[:n], atol=2e-6)
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["classes"]) == list("0123456789")
    assert facts["source"] == "LargeCNN/version_0/checkpoints/best.ckpt"
    assert str(Path(export.__file__).parent).encode() not in Path("a.onnx").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.onnx", "p.csv", "bundled", "lightning_logs"}


def test_a_file_for_others_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "mine.ckpt").touch()
    assert export.source_of(tmp_path / "mine.ckpt") == "mine.ckpt"
    assert export.source_of(PRETRAINED) == "pretrained"
    assert export.source_of(None) == "ensemble"


class Branches(Network):
    """Takes another way for some images."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images) if images.max() > 100 else -self.layers(images)


def test_a_network_that_torch_can_not_follow_is_told_with_the_line(tmp_path: Path) -> None:
    network = Branches(mlp([4]))
    network.trained_on = TrainedOn(0.13, 0.31, tuple("0123456789"))
    with pytest.raises(InputError, match=r"Branches can't be exported in this format, by test_export.py, line \d+: "):
        write_torch(ExportModule(network, "torch-export").eval(), tmp_path / "a.pt2", {})
    assert not list(tmp_path.iterdir())


def test_torch_export_says_what_predict_says(large_cnn: Digits) -> None:
    out = large_cnn("export", "--name=LargeCNN", "--format=torch-export")
    assert "Exported: model.pt2" in out
    large_cnn("predict", "--name=LargeCNN", "--predictions.path=p.csv")
    data = MNISTDataModule()
    data.setup("predict")
    extra = {"facts.json": ""}
    module = torch.export.load("model.pt2", extra_files=extra).module()
    np.testing.assert_allclose(module(data.predict.images).numpy(), csv_probabilities("p.csv"), atol=2e-6)
    assert json.loads(extra["facts.json"])["network"] == "LargeCNN"


@pytest.mark.slow
def test_an_ensemble_is_exported_as_one_network(large_cnn: Digits) -> None:
    large_cnn("fit", "--model=MLP", *SHORT)
    members = [f"lightning_logs/{name}/version_0/checkpoints/best.ckpt" for name in ("LargeCNN", "MLP")]
    out = large_cnn("export", "--model=Ensemble", f"--model.checkpoints={members}")
    assert "the same class for 90" in out
    assert not Path("lightning_logs/Ensemble").exists()


@pytest.mark.slow
def test_int8_is_smaller_and_says_its_error(large_cnn: Digits) -> None:
    large_cnn("export", "--name=LargeCNN")
    out = large_cnn("export", "--name=LargeCNN", "--int8=true", "--path=small.onnx")
    assert "of the network itself" in out
    assert Path("small.onnx").stat().st_size < 0.6 * Path("model.onnx").stat().st_size


def test_a_file_that_says_something_else_is_not_kept(
    trained: Digits, refused: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained()
    monkeypatch.setattr(export, "load", lambda file, format: lambda images: np.eye(10)[np.zeros(len(images), int)])
    Path("model.ckpt").write_text("an older one")
    assert "was not kept" in refused("export", "--name=MLP", "--path=model.ckpt")
    assert Path("model.ckpt").read_text() == "an older one"


@pytest.mark.parametrize(("scale", "least", "most"), [(1e-2, 0, 1e-6), (1e6, 1e-3, 1)])
def test_a_file_may_be_as_far_off_as_the_network_itself_is_by_rounding(scale: float, least: float, most: float) -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(784, 10, bias=False)
    linear.weight.data.zero_()[0] = scale * torch.rand(784)
    linear.weight.data[1] = linear.weight.data[0].flip(0)  # of symmetric images, both say the same but for rounding
    network = Network(torch.nn.Sequential(torch.nn.Flatten(), linear))
    network.trained_on = TrainedOn(0, 1, tuple("0123456789"))
    half = torch.randint(0, 256, (50, 14, 28), dtype=torch.uint8)
    images = torch.cat([half, half.flip(1, 2)], dim=1)
    deployed = ExportModule(network, "onnx").eval()
    with torch.inference_mode():
        expected = deployed(images).numpy()
    assert least <= export.rounding(deployed, images.numpy(), expected) <= most


@pytest.mark.parametrize(
    ("path", "given", "format"),
    [
        (None, None, "onnx"),
        ("a.html", None, "web"),
        ("A.PT2", None, "torch-export"),
        ("m", None, "onnx"),
        ("a.bin", "weights", "weights"),
        ("a.ckpt", "weights", "weights"),
        ("-", "web", "web"),
    ],
)
def test_the_ending_decides_the_format(path: str | None, given: Format | None, format: str) -> None:
    assert format_of(path, given) == format


def test_an_ending_of_no_format_or_another_is_refused() -> None:
    with pytest.raises(InputError, match=r"contradicts --path a\.html: its name must end in \.onnx"):
        format_of("a.html", "onnx")
    with pytest.raises(InputError, match=r"contradicts --path a\.safetensors: its name must end in \.ckpt"):
        format_of("a.safetensors", "weights")
    with pytest.raises(InputError, match=r"--path a\.tflite: its name must end in \.onnx, .* or give --format"):
        format_of("a.tflite", None)


def test_what_cannot_be_exported(trained: Digits, refused: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    trained()
    assert "--int8 needs --format onnx" in refused("export", "--name=MLP", "--int8=true", "--format=torch-export")
    assert "can't be written" in refused("export", "--name=MLP", "--path=bundled/t10k-images-idx3-ubyte.gz/x.onnx")
    Path("model.pt2").mkdir()
    assert "--path model.pt2 is a folder" in refused("export", "--name=MLP", "--format=torch-export")
    assert "no checkpoint in" in refused("export", "--model=SmallCNN")
    weights = "lightning_logs/MLP/version_0/checkpoints/last.ckpt"
    assert "is a checkpoint of a run" in refused("export", "--name=MLP", "--format=weights", f"--path={weights}")
    assert "expected one of 'onnx', " in refused("export", "--name=MLP", "--format=foo")
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "onnxruntime" else found(name, *a)
    )
    assert "pip install 'digits[export]'" in refused("export", "--name=MLP")
