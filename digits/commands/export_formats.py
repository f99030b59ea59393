"""The files that a network is exported to, by their formats: written, and read again."""

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from inspect import getfile
from io import BytesIO, StringIO
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from digits.checkpoint import Checkpoint
from digits.commands.web import read_web, write_web
from digits.errors import InputError
from digits.network import Network
from digits.schema import SUFFIX, Format

FIXED: tuple[Format, ...] = ("onnx", "torch-export")

Images = np.ndarray  # (N, 28, 28), uint8
LONGEST = 160  # characters of a reason


class ExportModule(nn.Module):
    """A network from raw images to probabilities.

    Args:
        model: the trained network.
        format: of the file; those that hold a graph of fixed steps look at each image once.
    """

    def __init__(self, model: Network, format: Format) -> None:
        super().__init__()
        self.model = model
        for module in model.modules():
            if isinstance(module, Network) and format in FIXED:
                module.second_look = 0.0

    def forward(self, images: Tensor) -> Tensor:
        """Raw images, (N, 28, 28) uint8, ink as 0 to 255, to probabilities, (N, K) float32."""
        return self.model.eval_logits(images).softmax(dim=1)

    def predict(self, images: Images) -> np.ndarray:
        """The same of arrays."""
        return self(torch.from_numpy(images)).numpy()


def format_of(path: str | None, given: Format | None) -> Format:
    """The format of a file, by --format or by the ending of its name.

    Raises:
        InputError: they contradict each other, or the ending is of no format.
    """
    suffix = Path(path or "").suffix.lower()
    told: Format | None = next((format for format, its in SUFFIX.items() if its == suffix), None)
    if given is not None and (told not in (None, given) or suffix == ".safetensors"):  # which torch reads by its name
        raise InputError(f"--format {given} contradicts --path {path}: its name must end in {SUFFIX[given]}")
    if given is None and told is None and suffix:
        raise InputError(f"--path {path}: its name must end in {', '.join(SUFFIX.values())}, or give --format")
    return given or told or "onnx"


def write(deployed: ExportModule, path: Path, format: Format, facts: dict[str, str], content: dict[str, Any]) -> None:
    """Write a network as one file.

    Args:
        deployed: the network.
        path: the file.
        format: see `digits.commands.export.ExportingTrainer.export`.
        facts: where the network came from, which the file holds, too.
        content: of its checkpoint, without what only training needs; for the format weights.
    """
    if format == "onnx":
        write_onnx(deployed, path, facts)
    elif format == "torch-export":
        write_torch(deployed, path, facts)
    elif format == "web":
        write_web(deployed.model, path, facts)
    else:
        buffer = BytesIO()  # torch does not say that a disk is full
        torch.save(content | {"from": facts["source"]}, buffer)
        path.write_bytes(buffer.getbuffer())


def shapes() -> dict[str, Any]:
    """Any number of images."""
    return {"images": {0: torch.export.Dim("N", min=1, max=1 << 20)}}


def write_onnx(deployed: ExportModule, path: Path, facts: dict[str, str]) -> None:
    """Write one self-contained ONNX file, with `facts` as its metadata."""
    import onnx

    example = torch.zeros(2, 28, 28, dtype=torch.uint8)
    # What the exporter prints is its own progress.
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()), refuse_untraceable(deployed.model):
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
        del part.metadata_props[:]  # paths and lines of the source of each step
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, path)


def write_torch(deployed: ExportModule, path: Path, facts: dict[str, str]) -> None:
    """Write what `torch.export.load` reads, with `facts` in its extra file facts.json."""
    example = torch.zeros(2, 28, 28, dtype=torch.uint8)
    with refuse_untraceable(deployed.model):
        program = torch.export.export(deployed, (example,), dynamic_shapes=shapes())
    content = BytesIO()  # on a full disk, torch ends the process
    torch.export.save(program, content, extra_files={"facts.json": json.dumps(facts)})
    path.write_bytes(content.getbuffer())


@contextmanager
def refuse_untraceable(network: Network) -> Iterator[None]:
    """Raise an InputError for a network that torch can't export, or whose file does not run; names the line of it."""
    try:
        yield
    except (InputError, OSError):
        raise
    except Exception as error:  # of any kind: it is the network's own code that runs
        inner: BaseException = error
        while inner.__cause__ is not None:
            inner = inner.__cause__
        own = [at for at in traceback.extract_tb(inner.__traceback__) if at.filename == getfile(type(network))]
        where = f", by {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
        reason = shorten(str(inner).partition("\n")[0], LONGEST, placeholder=" …")
        kind = type(network).__name__
        raise InputError(
            f"{kind} can't be exported in this format{where}: {reason}; --format weights takes any network"
        ) from error


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


def load(path: Path, format: Format) -> Callable[[Images], np.ndarray]:
    """The file as a function of images to probabilities."""
    if format == "weights":
        return ExportModule(Checkpoint.read(path).network(), format).eval().predict
    if format == "web":
        return read_web(path)
    if format == "torch-export":
        module = torch.export.load(path).module()
        return lambda images: module(torch.from_numpy(images)).numpy()
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})[0]
