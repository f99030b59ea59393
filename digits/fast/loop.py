"""Lightning's loop over the batches of an epoch, with a fast path.

For each step Lightning looks through callbacks, plugins and profilers for some 40 things to do. With one optimizer on
one device and nothing hooked into the middle of a step there is nothing to find, and looking takes a quarter of a step
of `configs/dense.yaml` (`python -m benchmarks.optimizations`). The fast path leaves it out. What is computed is the
same, bit by bit.

It leans on private names of Lightning, which `check_names` looks for first; see `digits.fast.trainer.use_fast_path`.
"""

import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loops.fetchers import _DataFetcher, _PrefetchDataFetcher
from lightning.pytorch.loops.optimization.automatic import ClosureResult
from lightning.pytorch.loops.training_epoch_loop import _TrainingEpochLoop
from lightning.pytorch.plugins.precision import MixedPrecision, Precision
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.strategies import SingleDeviceStrategy
from lightning.pytorch.utilities.model_helpers import is_overridden
from torch import Tensor

from digits.data import DigitsDataModule
from digits.fast.graphs import StepGraphs, is_recordable

# Hooks that the fast path leaves out, so that it is not taken where one of them does something.
INNER_HOOKS = ("on_before_zero_grad", "on_before_backward", "on_after_backward", "on_before_optimizer_step")
MODULE_HOOKS = (
    *INNER_HOOKS,
    "on_train_batch_start",
    "on_train_batch_end",
    "on_before_batch_transfer",  # these three are left to the data
    "transfer_batch_to_device",
    "on_after_batch_transfer",
    "configure_gradient_clipping",
    "optimizer_step",
)


# What the fast path uses of Lightning, with the number of arguments that it calls each with; None is no function.
LOOP, PROGRESS = "trainer.fit_loop.epoch_loop", "trainer.fit_loop.epoch_loop.automatic_optimization.optim_progress"
NAMES: dict[str, int | None] = {
    "loop_class": 3,
    "result_class": 1,
    "result_class.from_training_step_output": 1,
    "result.closure_loss": None,
    "result.asdict": 0,
    "fetcher.done": None,
    "module._current_fx_name": None,
    "module.backward": 1,
    "module.lr_scheduler_step": 2,
    "module.optimizer_zero_grad": 3,
    "trainer._logger_connector.on_batch_start": 1,
    "trainer._logger_connector.on_batch_end": 0,
    "trainer._logger_connector.update_train_step_metrics": 0,
    "trainer.received_sigterm": None,
    "trainer.strategy.training_step": 2,
    f"{LOOP}._batches_that_stepped": None,
    f"{LOOP}._build_kwargs": 3,
    f"{LOOP}._results.valid_items": 0,
    f"{LOOP}._skip_next_val": None,
    f"{LOOP}.advance": 1,
    f"{LOOP}.batch_idx": None,
    **{f"{LOOP}.batch_progress.increment_{to}": 0 for to in ("ready", "started", "processed", "completed")},
    f"{LOOP}.batch_progress.is_last_batch": None,
    f"{LOOP}.on_advance_end": 1,
    f"{LOOP}.on_run_start": 1,
    f"{LOOP}.restarting": None,
    **{f"{LOOP}.scheduler_progress.increment_{to}": 0 for to in ("ready", "completed")},
    f"{LOOP}.total_batch_idx": None,
    **{f"{PROGRESS}.optimizer.step.increment_{to}": 0 for to in ("ready", "completed")},
    **{f"{PROGRESS}.optimizer.zero_grad.increment_{to}": 0 for to in ("ready", "started", "completed")},
}


def check_names(trainer: Trainer) -> None:
    """Raise an AttributeError or TypeError for the first of `NAMES` that is missing or takes other arguments."""
    known = SimpleNamespace(
        trainer=trainer,
        module=LightningModule(),
        fetcher=_PrefetchDataFetcher(),
        loop_class=_TrainingEpochLoop,
        result_class=ClosureResult,
        result=ClosureResult(None),
    )
    for name, arguments in NAMES.items():
        found = attrgetter(name)(known)
        if arguments is not None:
            try:
                inspect.signature(found).bind(*range(arguments))
            except TypeError as error:
                raise TypeError(f"{name}: {error}") from None


class EpochLoop(_TrainingEpochLoop):
    """Lightning's loop over the batches of an epoch, which takes the fast path where it may."""

    starts: Sequence[Callable[..., Any]] = ()
    ends: Sequence[Callable[..., Any]] = ()
    graphs: StepGraphs | None = None

    def run(self, data_fetcher: _DataFetcher) -> None:
        outer = self.starts, self.ends
        super().run(data_fetcher)
        self.starts, self.ends = outer  # a search before training has callbacks of its own, with a progress bar

    def on_run_start(self, data_fetcher: _DataFetcher) -> None:
        super().on_run_start(data_fetcher)
        self.fast = self.allows_fast_path() and type(data_fetcher) is _PrefetchDataFetcher
        module, callbacks = self.trainer.lightning_module, self.trainer.callbacks  # type: ignore[attr-defined]
        self.takes_index = "batch_idx" in self._build_kwargs(OrderedDict(), None, 0)
        self.starts = [one.on_train_batch_start for one in callbacks if is_overridden("on_train_batch_start", one)]
        self.ends = [one.on_train_batch_end for one in callbacks if is_overridden("on_train_batch_end", one)]
        self.module = module
        recordable = self.fast and is_recordable(self.trainer, module)
        self.graphs = StepGraphs(module, self.compute) if recordable else None

    def allows_fast_path(self) -> bool:
        """Whether the fast path does all that Lightning would do in a step of this epoch."""
        trainer, module = self.trainer, self.trainer.lightning_module
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        precision = trainer.precision_plugin
        return (
            isinstance(trainer.datamodule, DigitsDataModule)  # type: ignore[attr-defined]
            and type(trainer.strategy) is SingleDeviceStrategy
            and type(precision) in (Precision, MixedPrecision)
            and getattr(precision, "scaler", None) is None
            and isinstance(trainer.profiler, PassThroughProfiler)  # type: ignore[attr-defined]
            and module.automatic_optimization
            and trainer.accumulate_grad_batches == 1
            and not trainer.gradient_clip_val
            and all(
                (config.interval, config.frequency, config.reduce_on_plateau) == ("step", 1, False)
                for config in trainer.lr_scheduler_configs
            )
            and not any(is_overridden(hook, module) for hook in MODULE_HOOKS)
            and not any(is_overridden(hook, one) for one in callbacks for hook in INNER_HOOKS)
        )

    def advance(self, data_fetcher: _DataFetcher) -> None:
        """Train on a batch."""
        if self.restarting or not self.fast:
            super().advance(data_fetcher)
            return
        trainer, module, data = self.trainer, self.module, self.trainer.datamodule  # type: ignore[attr-defined]
        progress, logs = self.batch_progress, trainer._logger_connector

        batch, _, _ = next(data_fetcher)
        batch_idx = self.batch_idx + 1
        progress.is_last_batch = data_fetcher.done
        batch = data.on_before_batch_transfer(batch, 0)
        batch = data.transfer_batch_to_device(batch, trainer.strategy.root_device, 0)
        batch = data.on_after_batch_transfer(batch, 0)
        progress.increment_ready()
        logs.on_batch_start(batch)
        module._current_fx_name = "on_train_batch_start"  # for its `log`
        for start in self.starts:
            start(trainer, module, batch, batch_idx)
        progress.increment_started()

        module._current_fx_name = "training_step"
        outputs = self.optimize(batch, batch_idx)
        progress.increment_processed()
        for config in trainer.lr_scheduler_configs:
            self.scheduler_progress.increment_ready()
            module.lr_scheduler_step(config.scheduler, None)
            self.scheduler_progress.increment_completed()

        module._current_fx_name = "on_train_batch_end"
        for end in self.ends:
            end(trainer, module, outputs, batch, batch_idx)
        module._current_fx_name = None
        logged = any(True for _ in self._results.valid_items())  # by `log`, in this epoch
        if logged:
            logs.on_batch_end()
        progress.increment_completed()
        if logged:
            logs.update_train_step_metrics()

    def on_advance_end(self, data_fetcher: _DataFetcher) -> None:
        """Validate when it is time to."""
        trainer, every = self.trainer, getattr(self.trainer, "val_check_batch", None)
        steps = 1 + (self.total_batch_idx if trainer.check_val_every_n_epoch is None else self.batch_idx)
        due = self.batch_progress.is_last_batch or every is None or steps % every == 0  # or may be: Lightning knows
        if self.fast and not (due or self._skip_next_val or trainer.should_stop or trainer.received_sigterm):
            self._batches_that_stepped += 1
        else:
            super().on_advance_end(data_fetcher)

    def optimize(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        """Forwards, backwards, and a step of the optimizer; what callbacks are told of it."""
        optimizer, progress = self.trainer.optimizers[0], self.automatic_optimization.optim_progress.optimizer
        outputs: dict[str, Any] = {}

        def closure() -> Tensor | None:
            progress.zero_grad.increment_ready()
            progress.zero_grad.increment_started()
            outputs.update(self.compute(batch, batch_idx) if self.graphs is None else self.graphs(batch, batch_idx))
            progress.zero_grad.increment_completed()
            return outputs.get("loss")

        progress.step.increment_ready()
        optimizer.step(closure)  # type: ignore[arg-type]
        progress.step.increment_completed()
        return outputs

    def compute(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        """Forwards and backwards; what callbacks are told of it."""
        trainer, module = self.trainer, self.module
        output: Any = trainer.strategy.training_step(*(batch, batch_idx)[: 1 + self.takes_index])
        as_it_is = isinstance(output, Tensor)
        result = ClosureResult(output) if as_it_is else ClosureResult.from_training_step_output(output)
        module.optimizer_zero_grad(trainer.current_epoch, batch_idx, trainer.optimizers[0])
        if result.closure_loss is None:
            warnings.warn("training_step gives None, which skips the step", stacklevel=2)
            return {}
        module.backward(result.closure_loss)
        return result.asdict()
