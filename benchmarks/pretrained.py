"""The figures of the weights that come with the package, on the official test images.

python -m benchmarks.pretrained

Tests them as `digits test --ckpt_path pretrained` does, once as they are and once with `--tta true`.
"""

import json
import tempfile
from pathlib import Path

from benchmarks.process import run
from benchmarks.record import make_parser, report
from digits.checkpoint import Checkpoint
from digits.runs import PRETRAINED


def test_scores(folder: Path, *options: str) -> dict[str, float]:
    """What `digits test` writes about the official test images: error, calibration_error and others."""
    run("-m", "digits", "test", "--ckpt_path", "pretrained", "--trainer.default_root_dir", folder, *options)
    (path,) = folder.glob("lightning_logs/*/version_*/test.json")
    return json.loads(path.read_text())["MNISTDataModule"]


def main() -> None:
    """Measure and report."""
    args = make_parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory() as augmented:
        scores, views = test_scores(Path(plain)), test_scores(Path(augmented), "--tta", "true")
    checkpoint = Checkpoint.read(PRETRAINED)
    figures = {
        "network": checkpoint.class_name,
        "parameters": checkpoint.parameters,
        "megabytes": round(PRETRAINED.stat().st_size / 1e6, 1),
        "test error in percent": round(100 * scores["error"], 2),
        "expected calibration error in percent": round(100 * scores["calibration_error"], 2),
        "test error with --tta true, in percent": round(100 * views["error"], 2),
    }
    report("pretrained", figures, args.record)


if __name__ == "__main__":
    main()
