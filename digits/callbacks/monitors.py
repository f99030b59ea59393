"""Metrics that callbacks such as EarlyStopping watch: looked up before training, not when an epoch is over."""

from collections.abc import Sequence

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.classifier import Classifier
from digits.console import warn
from digits.errors import InputError
from digits.similar_names import did_you_mean

BETTER = {"accuracy": "max", "error": "min", "loss": "min"}  # of `Classifier`'s metrics
COUNTED = ("epoch", "step")  # by Lightning
LOG_NOTHING = {"forward", "configure_optimizers", "configure_model"}  # methods of a network
KNOWN = ("lightning.", "digits.")  # whose callbacks log no metric


class Monitors(Callback):
    """Check what callbacks monitor, where nothing but the standard steps logs.

    Args:
        validates: whether there is something to validate on.
    """

    def __init__(self, validates: bool = True) -> None:
        self.validates = validates

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        callbacks: Sequence[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        if logs_as_classifier(pl_module) and all(type(one).__module__.startswith(KNOWN) for one in callbacks):
            for one in callbacks:
                self.check(type(one).__name__, getattr(one, "monitor", None), getattr(one, "mode", ""))
            for config in trainer.lr_scheduler_configs:
                self.check(type(config.scheduler).__name__, config.monitor, getattr(config.scheduler, "mode", ""))

    def check(self, kind: str, metric: str | None, mode: str) -> None:
        """Check what one callback monitors; warn where it takes the better of two values for the worse.

        Raises:
            InputError: there will be no such metric; names the callback, and the metric that may be meant.
        """
        logged = [f"{stage}/{name}" for stage in ("val", "train")[not self.validates :] for name in BETTER]
        if metric is None or metric in COUNTED or metric.endswith("/images"):
            return
        if metric not in logged:
            hint = did_you_mean(metric, logged) or f" (there are {', '.join(logged)})"
            raise InputError(f"{kind} monitors {metric}, which there is not{hint}")
        better = BETTER[metric.partition("/")[2]]
        if mode in ("min", "max") and mode != better:
            warn(f"{kind} takes a {'lower' if mode == 'min' else 'higher'} {metric} for better: give mode {better}")


def logs_as_classifier(network: LightningModule) -> bool:
    """Whether a network has the steps and hooks of `Classifier`, and none of its own that may log."""
    kinds = type(network).__mro__
    if Classifier not in kinds:
        return False
    own = {name for kind in kinds[: kinds.index(Classifier)] for name, value in vars(kind).items() if callable(value)}
    return {name for name in own if not name.startswith("__")} <= LOG_NOTHING
