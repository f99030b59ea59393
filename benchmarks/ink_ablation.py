"""What each ingredient of the made pages is worth to the network that finds ink.

python -m benchmarks.ink_ablation [--pictures FOLDER]

For each group of ingredients the network is trained without them, from random weights and for a tenth of the time of
the packaged ones, and reads the pages of benchmarks/synthetic_pages.py, made of MNIST's validation images, and those
below `pages/` of the folder. The test images play no part. About four minutes of one core each.
"""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.process import run
from benchmarks.record import earlier, make_parser, report
from benchmarks.synthetic_pages import measure, product
from digits import ink

WITHOUT = {
    "nothing": [],
    "rules, squares, tables, frames": ["rules"],
    "gradients and shadows": ["gradients", "shadows"],
    "blur, noise, JPEG, low resolution": ["blur", "noise", "jpeg", "low resolution", "small pictures"],
    "light ink on dark paper": ["boards"],
    "faint and worn ink": ["faint", "worn ink"],
    "print, forms, letters, drawings": ["typed", "forms", "print", "letters", "script", "drawings"],
    "marks between digits": ["marks"],
    "touching digits": ["touching"],
    "page edges, boxes, scenery and dirt": ["edges", "boxes", "wood", "scenery", "dirt"],
    "tilt": ["tilt"],
    "strokes redrawn with other pens": ["skeletons"],
}
EPOCH = 1600  # crops
SHARES = ("read %", "extra %")


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--without", nargs="+", default=list(WITHOUT), choices=list(WITHOUT), help="groups")
    parser.add_argument("--crops", type=int, default=8000, help="that each network is trained on")
    parser.add_argument("--pages", type=int, default=4, help="of each kind")
    parser.add_argument("--pictures", type=Path, help="a folder with a labels.csv")
    args = parser.parse_args()
    results: dict[str, Any] = earlier("ink_ablation", args.record).get("without", {})
    for name in args.without:
        with tempfile.TemporaryDirectory() as folder:
            length = ("--data.crops", str(EPOCH), "--trainer.max_epochs", str(args.crops // EPOCH))
            without = ("--data.without", f"[{', '.join(WITHOUT[name])}]", "--data.num_workers", "0")
            fit = ("-m", "digits", "fit", "--config", "ink", "--trainer.default_root_dir", folder)
            run(*fit, *length, *without, OMP_NUM_THREADS="1")
            (ink.WEIGHTS,) = Path(folder).rglob("ink.pt")
            ink.ink_net.cache_clear()
            figures = measure(product("pretrained"), "val", args.pages, args.pictures, None)
        results[name] = {kind: {what: of[what] for what in SHARES} for kind, of in figures.items() if "read %" in of}
        print(name, results[name]["ten kinds"], flush=True)
        report("ink_ablation", {"crops": args.crops, "without": results}, args.record)


if __name__ == "__main__":
    main()
