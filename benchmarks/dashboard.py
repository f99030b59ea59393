"""The cost of TensorBoard and the pictures: the time of `digits fit` with them and without.

python -m benchmarks.dashboard --config configs/large_cnn.yaml
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.process import Run, run
from benchmarks.record import make_parser, report

VARIANTS = {
    "everything": [],
    "nothing": ["--pictures", "false", "--trainer.logger", "false"],
}


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--config", default="configs/large_cnn.yaml", help="the config to train")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    command = ["-m", "digits", "fit", "--config", str(Path(args.config).absolute())]
    runs: dict[str, list[Run]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds):
            for name, options in VARIANTS.items():
                runs[name].append(run(*command, "--trainer.default_root_dir", folder, *options))
    figures: dict[str, Any] = {"config": Path(args.config).stem}
    for clock, name in {"seconds": "seconds", "processor seconds": "cpu_seconds"}.items():
        times = {variant: [getattr(one, name) for one in done] for variant, done in runs.items()}
        ratios = [a / b - 1 for a, b in zip(times["everything"], times["nothing"], strict=True)]
        figures[clock] = {
            **{variant: round(statistics.median(values), 1) for variant, values in times.items()},
            "cost in each round": [f"{ratio:.1%}" for ratio in ratios],
            "cost, median": f"{statistics.median(ratios):.1%}",
        }
    report(f"dashboard/{Path(args.config).stem}", figures, args.record)


if __name__ == "__main__":
    main()
