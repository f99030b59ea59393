"""TensorBoard's HPARAMS page."""

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.callbacks.summary_writers import summary_writers


class HParams(Callback):
    """Tell TensorBoard which scalars the run is judged by, so that its HPARAMS page shows their newest values.

    Lightning's own way logs a value of the metric beforehand, at step 0, and so bends its curve.
    """

    METRICS = ("val/accuracy", "val/error", "val/loss")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        from torch.utils.tensorboard.summary import hparams

        values = {
            "model": type(pl_module).__name__,
            **pl_module.hparams,
            **(trainer.datamodule.hparams if trainer.datamodule else {}),  # type: ignore[attr-defined]
            "max_epochs": trainer.max_epochs,
        }
        values = {k: v if isinstance(v, int | float | str) else str(v) for k, v in values.items()}
        for board in summary_writers(trainer):
            for summary in hparams(values, dict.fromkeys(self.METRICS, 0)):
                board.file_writer.add_summary(summary)
