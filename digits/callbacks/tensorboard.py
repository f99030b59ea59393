"""TensorBoard's pages of a run, apart from its scalars and images."""

import io
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer

from digits.callbacks.outcomes import OutcomeCollector, classes_of
from digits.callbacks.summary import example_of, summarize
from digits.callbacks.summary_writers import summary_writers
from digits.console import warn

METRICS = ("loss", "accuracy", "error")
LAYOUT = {  # the loss has a point every --trainer.log_every_n_steps, the others one an epoch
    "by step": {
        "loss": ["Multiline", ["^train/loss_step$", "^val/loss$"]],
        **{metric: ["Multiline", [f"^train/{metric}$", f"^val/{metric}$"]] for metric in METRICS[1:]},
        "learning rate": ["Multiline", ["^lr-"]],
    },
    "by epoch": {
        metric: ["Multiline", [f"^by_epoch/train_{metric}$", f"^by_epoch/val_{metric}$"]] for metric in METRICS
    },
}


class TensorBoardPages(OutcomeCollector):
    """Fill the pages CUSTOM SCALARS, TEXT, GRAPHS and PR CURVES."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for writer in summary_writers(trainer):
            if len(list(Path(writer.log_dir).glob("events.out.tfevents.*[0-9]"))) > 1:
                continue  # a run that is resumed has them; files of tests end in .test
            writer.add_custom_scalars(LAYOUT)
            writer.add_text("model", f"```\n{summarize(pl_module)}\n```")
            add_graph(writer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.add_pr_curves(trainer, "precision_recall")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.add_pr_curves(trainer, "test_precision_recall")

    def add_pr_curves(self, trainer: Trainer, tag: str) -> None:
        """Add a curve of precision and recall for each class."""
        kept = self.collected()
        if kept is None:  # it was stopped before it was validated, or had ended before
            return
        probabilities, labels = kept[0].softmax(dim=1), kept[1]
        for writer in summary_writers(trainer):
            for label, name in enumerate(classes_of(trainer)):
                writer.add_pr_curve(f"{tag}/{name}", labels == label, probabilities[:, label], trainer.global_step)


def add_graph(writer: Any, model: LightningModule) -> None:
    """Put the network on the page GRAPHS, if an example of its images is known and torch.jit can trace it."""
    if (example := example_of(model)) is None:
        return
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # tracing is deprecated, but it is what TensorBoard's writer does
        try:
            writer.add_graph(model, example)
            return
        except Exception as error:  # of any kind: it is the network's own code that runs
            kind = type(error).__name__
    warn(f"TensorBoard's page GRAPHS stays empty: torch.jit can't trace {type(model).__name__} ({kind})")
