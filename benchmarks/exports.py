"""What `digits export` prints for each format: the file's size, its agreement with the network, its speed.

python -m benchmarks.exports --ckpt_path lightning_logs/large_cnn/version_0
"""

import re
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.process import run
from benchmarks.record import make_parser, report

FORMATS = {
    "ONNX, by onnxruntime": ("--format", "onnx", "--path", "model.onnx"),
    "torch.export": ("--format", "torch-export", "--path", "model.pt2"),
    "ONNX in 8 bits": ("--format", "onnx", "--int8", "true", "--path", "small.onnx"),
}
PRINTED = re.compile(
    r"(?P<size>[\d.]+) MB\nOn [\d,]+ test images: the same class for (?P<same>[\d,]+), probabilities within "
    r"(?P<distance>[\d.e-]+)\nError (?P<error>[\d.]+)%, of the network itself (?P<own>[\d.]+)%\n"
    r"(?P<rate>[\d,]+) images a second; PyTorch (?P<torch>[\d,]+)"
)


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", required=True, help="the checkpoint to export")
    args = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (*options, file) in FORMATS.items():
            path = Path(folder, file)
            output = run("-m", "digits", "export", "--ckpt_path", args.ckpt_path, *options, path).output
            printed = PRINTED.search(output)
            if printed is None:
                raise SystemExit(f"`digits export` printed something else:\n{output}")
            figures["PyTorch"] = {"error in percent": float(printed["own"])}
            rate, of_torch = (int(printed[which].replace(",", "")) for which in ("rate", "torch"))
            figures[name] = {
                "megabytes": float(printed["size"]),
                "images of the same class": int(printed["same"].replace(",", "")),
                "largest difference of a probability": float(printed["distance"]),
                "error in percent": float(printed["error"]),
                "times as fast as PyTorch": round(rate / of_torch, 2),  # measured one after the other
            }
    report("exports", figures, args.record)


if __name__ == "__main__":
    main()
