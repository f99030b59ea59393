"""What lets a run be stopped at any moment, and go on as if it had not been stopped."""

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.callbacks.summary_writers import summary_writers
from digits.console import say
from digits.errors import InputError
from digits.runs import CHECKPOINTS
from digits.system.signals import ENDING

ASK_EVERY = 10  # steps between which several processes agree whether to stop


class StopAtStep(Callback):
    """On Ctrl-C, SIGTERM or SIGHUP, finish the step, save a checkpoint, and end. A second signal ends at once.

    A step is finished when the optimizer has stepped, so that no gradients that were summed up so far are lost. A
    signal that is ignored already, such as SIGHUP under `nohup`, stays ignored.

    Args:
        to_resume: the command that goes on from the checkpoint, for what is printed; None saves nothing.
    """

    def __init__(self, to_resume: str | None) -> None:
        self.to_resume = to_resume
        self.received = 0
        self.step = 0
        self.before: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *ENDING):
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup: closing the terminal is not to stop the run
                    self.before[number] = signal.signal(number, self.receive)

    def receive(self, number: int, frame: Any) -> None:
        """Note a signal; the next one finds what was there before."""
        self.received = number
        self.restore()

    def restore(self) -> None:
        """Let others receive the signals."""
        while self.before:
            signal.signal(*self.before.popitem())

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        stepped, self.step = trainer.global_step != self.step, trainer.global_step
        if stepped and self.asked(trainer, batch_idx) and not trainer.is_last_batch:  # after that one comes validation
            if self.to_resume is not None:
                trainer.save_checkpoint(Path(trainer.default_root_dir) / CHECKPOINTS / "last.ckpt")
            self.stop(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.asked(trainer, 0):  # the epoch before has been saved
            self.stop(trainer)

    def asked(self, trainer: Trainer, batch_idx: int) -> bool:
        """Whether to stop now: all processes must at the same step, and asking each other takes time."""
        if trainer.world_size == 1:
            return bool(self.received)
        return batch_idx % ASK_EVERY == 0 and trainer.strategy.reduce_boolean_decision(bool(self.received), all=False)

    def stop(self, trainer: Trainer) -> None:
        """End the process, with the exit status of the signal."""
        if trainer.global_step == 0:
            say("Stopped before the first step.")
        else:
            say(stopped_at(trainer, self.to_resume))
        raise SystemExit(128 + (self.received or signal.SIGTERM) if trainer.is_global_zero else 0)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self.restore()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.restore()


def stopped_at(trainer: Trainer, to_resume: str | None) -> str:
    """What there is to say of a run that stopped before its end."""
    step = f"Stopped after step {trainer.global_step:,} of {trainer.estimated_stepping_batches:,}."
    return f"{step}\nTo go on: {to_resume}" if to_resume else step


class SameOptimizer(Callback):
    """Refuse to resume a run by an optimizer of another kind, which can't use the state of the run's own."""

    resumed: Sequence[str] | None = None  # the kinds of the run that is resumed

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["optimizers"] = kinds_of_optimizers(trainer)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        self.resumed = checkpoint.get("optimizers")

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        present = kinds_of_optimizers(trainer)
        if trainer.ckpt_path and self.resumed is not None and self.resumed != present:
            raise InputError(
                f"the run to resume was trained by {' and '.join(self.resumed)}, but here is {' and '.join(present)}: "
                "give its own --optimizer, or none if it had none, or start a new run"
            )


def kinds_of_optimizers(trainer: Trainer) -> list[str]:
    """The names of the classes of a trainer's optimizers."""
    return [type(getattr(one, "optimizer", one)).__name__ for one in trainer.optimizers]


class RewindTensorBoard(Callback):
    """Take TensorBoard's curves back to where they were when the checkpoint that is resumed was saved.

    What was logged after it will be logged anew, and would stand there twice.

    Args:
        folder: of the run, as it is before a logger opens another file in it.
    """

    def __init__(self, folder: Path) -> None:
        events = folder.glob("events.out.tfevents.*")
        self.earlier = [path for path in events if not path.suffix[1:].isalpha()]  # those of `fit`
        self.sizes: dict[str, int] | None = None

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        sizes: dict[str, int] = {}
        for writer in summary_writers(trainer):
            writer.flush()
            sizes |= {path.name: path.stat().st_size for path in Path(writer.log_dir).glob("events.out.tfevents.*")}
        checkpoint["events"] = sizes

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        self.sizes = checkpoint.get("events")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.sizes is None or not trainer.is_global_zero:
            return
        for path in self.earlier:
            if path.name in self.sizes:
                os.truncate(path, min(self.sizes[path.name], path.stat().st_size))
            else:
                path.unlink()
