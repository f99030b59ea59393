"""Speed and memory beside Keras, the usual Lightning pipeline, and a hand-written training loop.

python -m benchmarks.speed

For each network, in turn and several times over, each in its own process: `digits fit --test true` as a user has
it, with logging, checkpoints, pictures and progress; Keras 3 on TensorFlow; Lightning with torchvision's
dataset and transforms per image, with 0 and 2 workers; the hand-written loop; and `digits` and Keras once more in
float32 and with AVX2 alone, which is what a processor without bf16 has. All have the same 55,000 training and 5,000
validation images, and the batch sizes of the configs. An epoch lasts from the end of the last one to its own end,
validation included; the first of each process does not count.
"""

import json
import re
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.baselines import OPTIMIZATIONS
from benchmarks.process import Run, run
from benchmarks.record import ROOT, earlier, make_parser, report, save

BATCH_SIZES = {"mlp": 200, "dense": 32, "small_cnn": 200, "large_cnn": 200}
EPOCHS = 10  # of the configs
PRODUCT, KERAS, USUAL_0, USUAL_2, LOOP = (
    "digits",
    "Keras",
    "usual Lightning, 0 workers",
    "2 workers",
    "hand-written loop",
)
OLD, KERAS_OLD = "digits without bf16", "Keras without bf16"
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}  # of oneDNN, which both use, and of torch


def train(network: str, folder: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Train `network` in every way, `rounds` times; the figures of each run."""
    batch = ("--batch_size", str(BATCH_SIZES[network]))
    usual = ("-m", "benchmarks.baselines.lightning_usual", network, folder, "--epochs", "2", *batch, "--workers")
    optimizations = [one for one in OPTIMIZATIONS if one != "bf16" or network != "dense"]  # as its config says
    runs: dict[str, list[dict[str, float]]] = {}

    def note(name: str, result: Run, **more: float) -> None:
        figures = {"epoch": statistics.median(result.epochs), "process": result.seconds, "memory": result.memory}
        runs.setdefault(name, []).append({**figures, **more})
        print(f"{network}, {name}: " + ", ".join(f"{k} {v:.4g}" for k, v in runs[name][-1].items()), flush=True)

    for _ in range(rounds):
        config = ("--config", ROOT / f"configs/{network}.yaml", "--trainer.default_root_dir", folder)
        fit = run("-m", "digits", "fit", *config, "--test", "true")
        error = float(re.search(r"Test accuracy [\d.]+%, error ([\d.]+)%", fit.output)[1]) / 100  # type: ignore[index]
        note(PRODUCT, fit, error=error)
        model = ("--model", folder / f"{network}.keras")
        keras = ("-m", "benchmarks.baselines.keras_fit", network, folder / "mnist.npz", *model)
        result = run(*keras, "--epochs", str(EPOCHS), *batch)
        note(KERAS, result, error=result.last()["error"])
        note(USUAL_0, run(*usual, "0"))
        note(USUAL_2, run(*usual, "2"))
        note(
            LOOP,
            run("-m", "benchmarks.baselines.loop", network, "--epochs", "4", *batch, "--optimizations", *optimizations),
        )
        short = ("--trainer.max_epochs", "4", "--trainer.precision", "32-true", "--name", "without_bf16")
        note(OLD, run("-m", "digits", "fit", *config, *short, **AVX2))
        note(KERAS_OLD, run(*keras, "--epochs", "4", *batch, **AVX2))
    return runs


def predict(network: str, folder: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Predict 60,000 images from the trained networks; the figures of each run."""
    runs: dict[str, list[dict[str, float]]] = {PRODUCT: [], KERAS: []}
    for _ in range(rounds):
        ours = run(
            *("-m", "digits", "predict", "--config", ROOT / f"configs/{network}.yaml"),
            *("--trainer.default_root_dir", folder, "--data.data_dir", folder / "60000"),
        )
        rate = float(re.search(r"([\d,]+) a second", ours.output)[1].replace(",", ""))  # type: ignore[index]
        runs[PRODUCT].append({"images a second": rate, "process": ours.seconds, "memory": ours.memory})
        model = folder / f"{network}.keras"
        keras = run(
            "-m", "benchmarks.baselines.keras_fit", network, folder / "mnist.npz", "--predict", "--model", model
        )
        runs[KERAS].append({**keras.last(), "process": keras.seconds, "memory": keras.memory})
    return runs


def summary(runs: dict[str, list[dict[str, float]]], bigger_is_better: tuple[str, ...] = ()) -> dict[str, Any]:
    """Medians of each program, and how many times as much as `digits` the others took in each round.

    Of those without bf16, how many times as long an epoch of Keras took as one of `digits`.
    """
    figures = {
        name: {key: round(statistics.median(r[key] for r in rounds), 4) for key in rounds[0]}
        for name, rounds in runs.items()
    }
    ratios = {}

    def compare(what: str, key: str, other: str, own: str) -> None:
        pairs = [(a[key], b[key]) for a, b in zip(runs[other], runs[own], strict=True)]
        each = [b / a if key in bigger_is_better else a / b for a, b in pairs]
        ratios[what] = {"median": round(statistics.median(each), 2), "rounds": [round(r, 2) for r in each]}

    for name in runs.keys() - {PRODUCT, OLD, KERAS_OLD}:
        for key in runs[name][0].keys() & runs[PRODUCT][0].keys() - {"error"}:
            compare(f"{key}, {name}", key, name, PRODUCT)
    if OLD in runs:
        compare("epoch without bf16, Keras", "epoch", KERAS_OLD, OLD)
    return {"figures": figures, "ratios": dict(sorted(ratios.items()))}


def startup(rounds: int) -> dict[str, Any]:
    """Seconds of `--help`, beside importing Lightning's command line alone."""
    pairs = [
        (run("-m", "digits", "--help").seconds, run("-c", "import lightning.pytorch.cli").seconds)
        for _ in range(rounds)
    ]
    ours, import_alone = (round(statistics.median(times), 2) for times in zip(*pairs, strict=True))
    ratio = round(statistics.median(a / b for a, b in pairs), 2)
    return {"--help": ours, "import lightning.pytorch.cli": import_alone, "ratio": ratio}


def main() -> None:
    """Measure and report; the figures of networks that are not named stay in the file."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="*", choices=BATCH_SIZES, default=BATCH_SIZES)
    args = parser.parse_args()
    figures: dict[str, Any] = earlier("speed", args.record) if args.networks != BATCH_SIZES else {}
    figures |= {"start": startup(args.rounds)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("-m", "benchmarks.baselines.data", folder)
        for network in args.networks:
            figures[network] = {
                "rounds": args.rounds,
                "training": summary(train(network, folder, args.rounds)),
                "prediction": summary(predict(network, folder, args.rounds), ("images a second",)),
            }
            print(json.dumps(figures[network], indent=2, ensure_ascii=False), flush=True)
            save("speed", figures, args.record)  # what was measured stays when a later network fails
    report("speed", figures, args.record, ("torch", "lightning", "keras", "tensorflow"))


if __name__ == "__main__":
    main()
