"""Ablation of configs/best.yaml: the validation error without each ingredient, over several seeds.

python -m benchmarks.ablation
python -m benchmarks.ablation --epochs 20 --without nothing "any augmentation"

Trained on 50,000 of the training images, for fewer epochs than the config has, and scored on the other 10,000 after the
last one. Weights are averaged over the same part of the training as by the config. The test images play no part.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

from benchmarks.record import ROOT, earlier, make_parser, report
from digits.models import DeepCNN
from digits.records import read_metrics

AUGMENTATION = ("rotation", "zoom", "shift", "shear", "elastic")


class ConstantRate(DeepCNN):
    """DeepCNN, trained with AdamW at its usual learning rate of 0.001 from start to end."""

    def configure_optimizers(self) -> Any:
        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=self.weight_decay, fused=True)


class WithoutDropout(DeepCNN):
    """DeepCNN without dropout."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for layer in self.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0


WITHOUT = {
    "nothing": [],
    **{name: [f"--data.{name}=0"] for name in AUGMENTATION},
    "any augmentation": [f"--data.{name}=0" for name in AUGMENTATION],
    "averaged weights": ["--trainer.callbacks=null"],
    "one-cycle schedule": [f"--model={__spec__.name}.ConstantRate"],
    "label smoothing": ["--model.label_smoothing=0"],
    "dropout": [f"--model={__spec__.name}.WithoutDropout"],
}


def averaging(epochs: int) -> str:
    """The option that averages weights over as many of `epochs` as the config over its own."""
    trainer = yaml.safe_load((ROOT / "configs/best.yaml").read_text())["trainer"]
    (average,) = trainer["callbacks"]
    average["init_args"]["decay"] = 1 - (1 - average["init_args"]["decay"]) * trainer["max_epochs"] / epochs
    return f"--trainer.callbacks={json.dumps([average])}"


def validation_error(folder: Path, what: str, epochs: int, seed: int) -> float:
    """Validation error in percent after the last epoch; a finished run in `folder` is not repeated."""
    name = f"{what.replace(' ', '_')}_{epochs}_s{seed}"
    done = folder / f"{name}.json"
    if not done.is_file():
        config = ["--config", "configs/best.yaml", "--data.val_size=10000", f"--seed_everything={seed}"]
        where = [f"--trainer.default_root_dir={folder.absolute()}", f"--name={name}"]
        options = [averaging(epochs), f"--trainer.max_epochs={epochs}", *WITHOUT[what]]
        line = [sys.executable, "-m", "digits", "fit", *config, *where, *options]
        run = folder / "lightning_logs" / name
        shutil.rmtree(run, ignore_errors=True)  # an interrupted one
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        done.write_text(json.dumps(100 * read_metrics(run / "version_0/metrics.csv")[-1]["val/error"]))
    return json.loads(done.read_text())


def main() -> None:
    """Train and report; rows of other numbers of epochs stay in the file."""
    parser = make_parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--epochs", type=int, default=5, help="of each run")
    parser.add_argument(
        "--without", nargs="*", choices=WITHOUT, default=list(WITHOUT), help="what to leave out in turn"
    )
    parser.add_argument("--at_once", type=int, default=2, help="how many runs to train at once, each on one core")
    parser.add_argument("--keep", type=Path, help="a folder to keep the runs in; finished runs in it are not repeated")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.at_once) as pool:
        keep = args.keep or Path(folder)
        jobs = {
            what: [pool.submit(validation_error, keep, what, args.epochs, seed) for seed in range(args.seeds)]
            for what in args.without
        }
        rows = {}
        try:
            for what, errors in jobs.items():
                runs = [round(one.result(), 2) for one in errors]
                deviation = round(statistics.stdev(runs), 3) if len(runs) > 1 else None
                rows[what] = {"mean": round(statistics.mean(runs), 3), "standard deviation": deviation, "runs": runs}
                print(f"without {what}: {rows[what]}", flush=True)
        finally:
            pool.shutdown(cancel_futures=True)  # when a run fails, the others are not started
    known = earlier("ablation", args.record).get("validation error in percent", {})
    figures = {"validation error in percent": {**known, f"after {args.epochs} epochs without": rows}}
    report("ablation", figures, args.record)


if __name__ == "__main__":
    main()
