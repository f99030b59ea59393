"""The checkpoints of a run: the best epoch and the last, written whole, deleted only where they belong."""

import io
import math
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from digits.classifier import Classifier
from digits.console import warn
from digits.errors import InputError
from digits.runs import CHECKPOINTS
from digits.schema import REQUIRED, check_fields, count_values
from digits.system.files import replacing, try_folder


class RunCheckpoint(ModelCheckpoint):
    """A checkpoint in the run's folder. When a run is resumed it takes over the best score, and no path.

    It has a `state_key` of its own, so that a ModelCheckpoint of the user's may stand beside it.

    Args:
        filename: without suffix.
        monitor: the metric whose highest value decides; None keeps the last epoch.
    """

    def __init__(self, filename: str, monitor: str | None = None) -> None:
        super().__init__(
            filename=filename,
            monitor=monitor,
            mode="max",
            enable_version_counter=False,
            save_on_train_epoch_end=monitor is None or None,  # the last epoch, when it is over
        )
        self.has_warned = False

    @property
    def state_key(self) -> str:
        return f"digits.{self.filename}"

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.dirpath or CHECKPOINTS) / f"{self.filename}.ckpt"

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.dirpath = str(Path(trainer.default_root_dir) / CHECKPOINTS)  # the same on all processes
        for name, value in pl_module.hparams.items() if stage == "fit" else ():
            if count_values(value) == math.inf:  # reading it again would run what it names
                network, kind = type(pl_module).__name__, type(value).__name__
                raise InputError(
                    f"{name} is a {kind}, which a checkpoint can't hold: let {network} take numbers, texts, lists or "
                    f"dictionaries, and make the {kind} of them"
                )
        super().setup(trainer, pl_module, stage)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        # Its class saves every so many steps; this one never does.
        if self.monitor is None and stopped_within_epoch(trainer):
            trainer.save_checkpoint(self.path)  # to go on from this step, not from the end of the epoch

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.is_logged(trainer) if self.monitor is not None else not stopped_within_epoch(trainer):
            super().on_train_epoch_end(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn != "fit" or trainer.sanity_checking or self.is_logged(trainer):
            super().on_validation_end(trainer, pl_module)
        elif not self.has_warned:
            self.has_warned = True
            hooks = ("validation_step", "on_validation_epoch_end")  # which score and log
            own = [name for name in hooks if getattr(type(pl_module), name) is not getattr(Classifier, name)]
            calls = " and ".join(f"super().{name}" for name in own)
            warn(f"the network logs no {self.monitor}, so only last.ckpt is kept: call {calls} in yours")

    def is_logged(self, trainer: Trainer) -> bool:
        """Whether there is a score to compare."""
        return self.monitor is None or self.monitor in trainer.callback_metrics

    def state_dict(self) -> dict[str, Any]:
        return {} if self.best_model_score is None else {"best_model_score": float(self.best_model_score)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        score = state_dict.get("best_model_score")
        score = float(score) if isinstance(score, int | float | torch.Tensor) else math.nan
        if self.monitor is not None and math.isfinite(score) and self.path.is_file():
            self.best_model_score = self.kth_value = torch.tensor(score)
            self.best_model_path = self.kth_best_model_path = str(self.path)
            self.best_k_models = {str(self.path): self.best_model_score}

    # Custom networks may override these hooks without calling those of Classifier.

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if isinstance(pl_module, Classifier):
            Classifier.on_save_checkpoint(pl_module, checkpoint)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if isinstance(pl_module, Classifier):
            Classifier.on_load_checkpoint(pl_module, checkpoint)
        states = checkpoint.get("callbacks", {})
        for one in trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(one, EarlyStopping) and one.state_key in states:
                states[one.state_key]["patience"] = one.patience  # as it is given now, and not as the run had it
        if self.monitor is not None and self.state_key not in states:  # written by version 0.1
            old = (state for key, state in states.items() if key.startswith("ModelCheckpoint") and self.monitor in key)
            self.load_state_dict(next(old, {}))


def keep_in(run: Path | None, callbacks: Sequence[Callback]) -> None:
    """Let each ModelCheckpoint that has no folder of its own save in the run's; Lightning takes the first logger's.

    Raises:
        InputError: nothing can be saved in its own folder, which Lightning finds out when an epoch is over.
    """
    for one in callbacks:
        if run is None or not isinstance(one, ModelCheckpoint):
            continue
        if one.dirpath is None:
            one.dirpath = str(run / CHECKPOINTS)
            continue
        try:
            try_folder(Path(one.dirpath))
        except OSError as error:
            reason = f"dirpath {one.dirpath} can't be written: {error.strerror}"
            raise InputError(f"--trainer.callbacks: {type(one).__name__}: {reason}") from None


class CheckpointFiles(TorchCheckpointIO):
    """Checkpoints that are whole at any moment, also after the power fails or the disk is full.

    Lightning's own go by way of the folder for temporary files, and so are copied when that is on another disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self.saved: set[Path] = set()

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        content, again = serialized(checkpoint, check=not self.saved)
        if content is None:
            field = next((key for key, value in checkpoint.items() if serialized(value)[0] is None), "something")
            raise InputError(
                f"{field} holds what a checkpoint can't: save tensors and plain values in on_save_checkpoint and in "
                "the state_dict of callbacks"
            )
        if again is not None and again.keys() >= {*REQUIRED}:
            check_fields(Path(path), again, content.getbuffer().nbytes, "could not be read again")
        with replacing(Path(path), "wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        self.saved.add(Path(path).resolve())

    def remove_checkpoint(self, path: Any) -> None:
        """Delete a checkpoint that this process wrote; what a resumed file merely names stays where it is."""
        if (file := Path(path).resolve()) in self.saved:
            file.unlink(missing_ok=True)


def serialized(value: Any, check: bool = True) -> tuple[io.BytesIO | None, Any]:
    """What `torch.save` writes for a checkpoint or a part of it, in memory: its errors don't say that a disk is full.

    Args:
        value: tensors, on any device, and plain values.
        check: read it again, which runs nothing.

    Returns:
        The bytes, and what was read from them, with tensors on the CPU, or None where nothing was. No bytes where it
        can't be saved, or not be read again.
    """
    content = io.BytesIO()
    try:
        torch.save(value, content)
        content.seek(0)
        return content, torch.load(content, weights_only=True, map_location="cpu") if check else None
    except (pickle.PickleError, AttributeError, TypeError):
        return None, None


def stopped_within_epoch(trainer: Trainer) -> bool:
    """Whether training was asked to stop before the epoch is over, as --trainer.max_time does."""
    return trainer.should_stop and not trainer.is_last_batch and trainer.fit_loop._can_stop_early
