"""Look for the best learning rate with Optuna: `python examples/sweep.py`, after `pip install -e '.[sweep]'`."""

import argparse
from pathlib import Path

try:
    import optuna
except ModuleNotFoundError:
    raise SystemExit("error: this example needs Optuna: pip install 'digits[sweep]'") from None

from digits.cli import main
from digits.commands.compare import compare
from digits.records import RunRecord
from digits.runs import newest_run


def validation_error(trial: optuna.Trial, options: list[str]) -> float:
    """Train with a learning rate that Optuna proposes; the lowest validation error of any epoch."""
    lr = trial.suggest_float("lr", 1e-4, 3e-2, log=True)
    name = f"sweep/trial{trial.number}"
    main(["fit", f"--name={name}", f"--model.lr={lr}", "--pictures=false", *options])
    run = newest_run(Path("lightning_logs", name))
    error = RunRecord.read(run).error if run is not None else None
    if error is None:
        raise SystemExit(f"{name} has no validation error: leave the validation images as they are")
    return error


def sweep(trials: int, options: list[str]) -> None:
    """Try as many learning rates, and show the runs side by side."""
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: validation_error(trial, options), n_trials=trials)
    print(compare(sorted(map(str, Path("lightning_logs/sweep").glob("*/version_*")))))
    print(f"Best: --model.lr {study.best_params['lr']:.2g}, validation error {study.best_value:.2%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10)
    known, rest = parser.parse_known_args()
    sweep(known.trials, rest or ["--config=mlp", "--trainer.max_epochs=2"])
