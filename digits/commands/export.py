"""A trained network as one file for other programs: images in, probabilities out."""

import importlib.util
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning.pytorch import Trainer
from torch import Tensor, nn

from digits import __version__
from digits.checkpoint import Checkpoint
from digits.commands.web import read_web, write_web
from digits.data import DigitsDataModule
from digits.errors import InputError
from digits.files import copy_into
from digits.network import Network

TOLERANCE = 1e-4  # of a probability, between the file and the network it was made from
BATCH = 500
NEEDED = {"onnx": ("onnx", "onnxscript", "onnxruntime")}
Format = Literal["onnx", "torch-export", "weights", "web"]
SUFFIX: dict[Format, str] = {"onnx": ".onnx", "torch-export": ".pt2", "weights": ".ckpt", "web": ".html"}

Images = np.ndarray  # (N, 28, 28), uint8


class ExportModule(nn.Module):
    """A network from raw images to probabilities.

    Args:
        model: the trained network.
    """

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Raw images, (N, 28, 28) uint8, ink as 0 to 255, to probabilities, (N, 10) float32."""
        return self.model.eval_logits(images).softmax(dim=1)


@dataclass
class ParityReport:
    """What a file says about the test images, beside the network it was made from."""

    errors: int
    differences: int  # images of another class
    distance: float  # the largest, of a probability
    rate: float  # images a second


class ExportingTrainer(Trainer):
    """Lightning's, which can also export."""

    def export(
        self,
        model: Network,
        datamodule: DigitsDataModule,
        ckpt_path: str | None = None,
        weights_only: bool | None = None,
        format: Format | None = None,
        path: str | None = None,
        int8: bool = False,
    ) -> list[str]:
        """Write a network as one file, run it on the test images, and say how it compares.

        The file takes raw images, (N, 28, 28) uint8 with ink as 0 to 255 and any N, and gives probabilities, (N, 10).

        Args:
            model: the network.
            datamodule: whose test images it is checked on.
            ckpt_path: the checkpoint, or best or last; by default the best one of the newest run.
            weights_only: checkpoints are read without running anything in them, whatever is given here.
            format: onnx, for onnxruntime and others; torch-export, for `torch.export.load`; weights, a checkpoint
                without what only training needs; or web, a page that draws and answers in any browser. By default what
                the ending of path says, or onnx.
            path: the file to write; by default model with .onnx, .pt2, .ckpt or .html in the working directory.
            int8: quantise weights and activations to 8 bits (onnx only); the error is reported beside the original's.

        Returns:
            What there is to say, line by line.

        Raises:
            InputError: a package is missing, or the file does not say what the network says.
        """
        format = format_of(path, format)
        if int8 and format != "onnx":
            raise InputError("--int8 needs --format onnx")
        if any(importlib.util.find_spec(package) is None for package in NEEDED.get(format, ())):
            raise InputError(f"--format {format} needs more packages: pip install 'digits[export]'")
        if format in ("weights", "web") and ckpt_path is None:
            raise InputError(f"--format {format} is of one network, not of an ensemble")
        if ckpt_path is not None:
            checkpoint = Checkpoint.read(Path(ckpt_path))
            model.load_state_dict(checkpoint.content["state_dict"])
            model.restore(checkpoint.content)
        model.cpu().to(memory_format=torch.contiguous_format)  # the form in which files hold weights
        target = Path(path or f"model{SUFFIX[format]}")
        deployed = ExportModule(model).eval().requires_grad_(False)
        facts = {
            "classes": json.dumps(list(model.classes)),
            "digits": __version__,
            "network": type(model).__name__,
            "source": "/".join(Path(ckpt_path or "ensemble").parts[-4:]),  # the run's name, version and checkpoint
        }
        datamodule.setup("test")
        images, labels = datamodule.test.images.numpy(), datamodule.test.labels.numpy()
        expected, rate = timed(lambda batch: deployed(torch.from_numpy(batch)).numpy(), images)
        own = int((expected.argmax(1) != labels).sum())

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / target.name
            if format == "onnx":
                write_onnx(deployed, file, facts)
                if int8:
                    datamodule.setup("fit")
                    quantize(file, datamodule.train.first(BATCH).images.numpy())
            elif format == "torch-export":
                write_torch(deployed, file, facts)
            elif format == "web":
                write_web(model, file, facts)
            else:
                content = BytesIO()  # torch does not say that a disk is full
                torch.save(checkpoint.stripped() | {"from": facts["source"]}, content)
                file.write_bytes(content.getbuffer())
            verdict = check_parity(load(file, format), images, labels, expected)
            rounded = int8 or format == "web"  # to 8 or 16 bits: what that changes is reported
            if not rounded and (verdict.differences or verdict.distance > TOLERANCE):
                raise InputError(
                    f"{target}: the exported file says something else for {verdict.differences:,} of {len(images):,} "
                    f"images, up to {verdict.distance:.1g} away; it was not kept"
                )
            size = file.stat().st_size
            copy_into(target, file)
        return [
            f"Exported: {target}, {size / 1e6:.2f} MB",
            f"On {len(images):,} test images: the same class for {len(images) - verdict.differences:,}, "
            f"probabilities within {verdict.distance:.1g}; error {verdict.errors / len(images):.2%}, "
            f"of the network itself {own / len(images):.2%}",
            f"{verdict.rate:,.0f} images a second; PyTorch {rate:,.0f}",
        ]


def format_of(path: str | None, given: Format | None) -> Format:
    """The format of a file, by --format or by the ending of its name; see `ExportingTrainer.export`.

    Raises:
        InputError: they contradict each other, or the ending is of no format.
    """
    suffix = Path(path or "").suffix.lower()
    told: Format | None = next((format for format, its in SUFFIX.items() if its == suffix), None)
    if given is not None and told not in (None, given):
        raise InputError(f"--format {given} contradicts --path {path}: its name must end in {SUFFIX[given]}")
    if given is None and told is None and suffix:
        raise InputError(f"--path {path}: its name must end in {', '.join(SUFFIX.values())}, or give --format")
    return given or told or "onnx"


def shapes() -> dict[str, Any]:
    """Any number of images."""
    return {"images": {0: torch.export.Dim("N", min=1, max=1 << 20)}}


def write_onnx(deployed: ExportModule, path: Path, facts: dict[str, str]) -> None:
    """Write one self-contained ONNX file, with `facts` as its metadata."""
    import onnx

    example = torch.zeros(2, 28, 28, dtype=torch.uint8)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # the exporter's own progress
        program = torch.onnx.export(
            deployed,
            (example,),
            input_names=["images"],
            output_names=["probabilities"],
            dynamic_shapes=shapes(),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]  # where in whose source files each step came from
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, path)


def write_torch(deployed: ExportModule, path: Path, facts: dict[str, str]) -> None:
    """Write what `torch.export.load` reads, with `facts` in its extra file facts.json."""
    program = torch.export.export(deployed, (torch.zeros(2, 28, 28, dtype=torch.uint8),), dynamic_shapes=shapes())
    content = BytesIO()  # on a full disk, torch ends the process
    torch.export.save(program, content, extra_files={"facts.json": json.dumps(facts)})
    path.write_bytes(content.getbuffer())


def quantize(path: Path, images: Images) -> None:
    """Quantise an ONNX file in place, with the ranges of activations that some training images show."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.batches: Iterator[Images] = iter([images])

        def get_next(self) -> dict[str, Images] | None:
            batch = next(self.batches, None)
            return None if batch is None else {"images": batch}

    prepared = path.with_name(f"prepared_{path.name}")
    quant_pre_process(path, prepared)
    quantize_static(
        prepared,
        path,
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def load(path: Path, format: str) -> Callable[[Images], np.ndarray]:
    """The file as a function of images to probabilities."""
    if format == "weights":
        deployed = ExportModule(Checkpoint.read(path).network()).eval()
        return lambda images: deployed(torch.from_numpy(images)).numpy()
    if format == "web":
        return read_web(path)
    if format == "torch-export":
        module = torch.export.load(path).module()
        return lambda images: module(torch.from_numpy(images)).numpy()
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})[0]


def timed(predict: Callable[[Images], np.ndarray], images: Images) -> tuple[np.ndarray, float]:
    """Probabilities of all images, (N, 10), and the images a second; the first batch only warms up."""
    batches = np.array_split(images, range(BATCH, len(images), BATCH))
    with torch.inference_mode():
        predict(batches[0])
        start = time.perf_counter()
        probabilities = np.concatenate([predict(batch) for batch in batches])
        return probabilities, len(images) / (time.perf_counter() - start)


def check_parity(
    predict: Callable[[Images], np.ndarray], images: Images, labels: np.ndarray, expected: np.ndarray
) -> ParityReport:
    """Compare what a file predicts with the labels, and with what is expected of it."""
    probabilities, rate = timed(predict, images)
    taken = probabilities.argmax(1)
    return ParityReport(
        errors=int((taken != labels).sum()),
        differences=int((taken != expected.argmax(1)).sum()),
        distance=float(np.abs(probabilities - expected).max()),
        rate=rate,
    )
