"""`digits export`: a trained network as one file for other programs, which is run beside the network."""

import importlib.util
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Trainer

from digits import __version__
from digits.checkpoint import Checkpoint
from digits.commands.export_formats import (
    ExportModule,
    Images,
    format_of,
    load,
    quantize,
    refuse_untraceable,
    write,
)
from digits.data import DigitsDataModule
from digits.errors import InputError
from digits.network import Network
from digits.runs import PRETRAINED, SHIPPED, run_of
from digits.schema import SUFFIX, Format
from digits.system.files import check_writable, copy_into

TOLERANCE = 1e-4  # of a probability, between the file and the network it was made from
BATCH = 500
NEEDED = {"onnx": ("onnx", "onnxscript", "onnxruntime")}


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

        The file takes raw images, (N, 28, 28) uint8 with ink as 0 to 255 and any N, and gives probabilities, (N, K).

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
        target = Path(path or f"model{SUFFIX[format]}")
        refuse_export(format, target, int8, is_ensemble=ckpt_path is None)
        checkpoint = None if ckpt_path is None else Checkpoint.read(Path(ckpt_path))
        if checkpoint is not None:
            checkpoint.load_into(model)
            model.restore(checkpoint.content)
        model.cpu().to(memory_format=torch.contiguous_format)  # the form in which files hold weights
        deployed = ExportModule(model, format).eval().requires_grad_(False)
        datamodule.setup("test")
        images, labels = datamodule.test.images.numpy(), datamodule.test.labels.numpy()
        expected, rate = timed(deployed.predict, images)
        own = int((expected.argmax(1) != labels).sum())

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / target.name
            content = {} if checkpoint is None else checkpoint.stripped()
            write(deployed, file, format, facts_of(model, ckpt_path), content)
            if int8:
                datamodule.setup("fit")
                quantize(file, datamodule.train.first(BATCH).images.numpy())
            with refuse_untraceable(model):
                parity = check_parity(load(file, format), images, labels, expected)
            if not int8 and format != "web":  # which round to 8 or 16 bits: what that changes is reported
                refuse_difference(target, parity, deployed, images, expected)
            size = file.stat().st_size
            copy_into(target, file)
        same_classes = tuple(model.classes) == tuple(datamodule.classes)  # else labels say nothing about it
        return [
            f"Exported: {target}, {size / 1e6:.2f} MB",
            f"On {len(images):,} test images: the same class for {len(images) - parity.differences:,}, "
            f"probabilities within {parity.distance:.1g}",
            *[f"Error {parity.errors / len(images):.2%}, of the network itself {own / len(images):.2%}"] * same_classes,
            f"{parity.rate:,.0f} images a second; PyTorch {rate:,.0f}",
        ]


def refuse_export(format: Format, target: Path, int8: bool, is_ensemble: bool) -> None:
    """Raise an InputError for a file that can't be written, or options that don't go together."""
    check_writable("--path", target)
    if target.is_file() and run_of(target) is not None:
        raise InputError(f"--path {target} is a checkpoint of a run, and would be lost: give another name")
    if int8 and format != "onnx":
        raise InputError("--int8 needs --format onnx")
    if any(importlib.util.find_spec(package) is None for package in NEEDED.get(format, ())):
        raise InputError(f"--format {format} needs more packages: pip install 'digits[export]'")
    if format in ("weights", "web") and is_ensemble:
        raise InputError(f"--format {format} is of one network, not of an ensemble")


def facts_of(model: Network, ckpt_path: str | None) -> dict[str, str]:
    """What a file says of the network that it holds."""
    return {
        "classes": json.dumps(list(model.classes)),
        "digits": __version__,
        "network": type(model).__name__,
        "source": source_of(ckpt_path),
    }


def source_of(ckpt_path: str | Path | None) -> str:
    """What a file that goes to others says of the checkpoint that it was made from: nothing of the folders around."""
    if ckpt_path is None:
        return "ensemble"
    path = Path(ckpt_path)
    if path.resolve() == PRETRAINED:
        return SHIPPED
    return "/".join(path.resolve().parts[-4:]) if run_of(path) is not None else path.name


def timed(predict: Callable[[Images], np.ndarray], images: Images) -> tuple[np.ndarray, float]:
    """Probabilities of all images, (N, K), and the images a second; the first batch only warms up."""
    batches = np.array_split(images, range(BATCH, len(images), BATCH))
    with torch.inference_mode():
        predict(batches[0])
        start = time.perf_counter()
        probabilities = np.concatenate([predict(batch) for batch in batches])
        return probabilities, len(images) / (time.perf_counter() - start)


def refuse_difference(
    target: Path, parity: ParityReport, deployed: ExportModule, images: Images, expected: np.ndarray
) -> None:
    """Raise an InputError for a file that says something else than its network, further than that itself is exact."""
    if parity.distance <= TOLERANCE or parity.distance <= 10 * rounding(deployed, images, expected):
        return
    raise InputError(
        f"{target}: the exported file says something else for {parity.differences:,} of {len(images):,} "
        f"images, up to {parity.distance:.1g} away; it was not kept"
    )


def rounding(deployed: ExportModule, images: Images, expected: np.ndarray) -> float:
    """How far the steps of float32 take the network's own probabilities, (N, K), from those of float64, at most.

    A network with huge logits, such as one of a few training steps with batch normalisation, is itself not exact.
    """
    deployed.double()
    try:
        exact, _ = timed(deployed.predict, images)
    except RuntimeError:  # custom layers do nothing else than float32
        return 0.0
    finally:
        deployed.float()
    return float(np.abs(expected - exact).max())


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
