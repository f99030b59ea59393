"""TensorBoard's HPARAMS page."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from digits.callbacks.summary_writers import summary_writers

FIRST = ("batch_size", "lr", "max_epochs", "model", "weight_decay")  # the page shows five columns at first
METRICS = ("val/accuracy", "val/error")


class HParams(Callback):
    """Tell TensorBoard what the run was trained with, and by which scalars, at their newest values, it is judged.

    Lightning's own way logs a value of the metric beforehand, at step 0, and so bends its curve.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        values = {
            "model": type(pl_module).__name__,
            **pl_module.hparams,
            **(trainer.datamodule.hparams if trainer.datamodule else {}),  # type: ignore[attr-defined]
            "max_epochs": trainer.max_epochs,
        }
        values = {k: v if isinstance(v, int | float | str) else str(v) for k, v in values.items()}
        for writer in summary_writers(trainer):
            for summary in hparams_summaries(values):
                writer.file_writer.add_summary(summary)


def hparams_summaries(values: dict[str, bool | int | float | str]) -> tuple[Any, ...]:
    """What the page is made of: torch's summaries of the experiment and of this run, with `FIRST` in front."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    from torch.utils.tensorboard.summary import hparams

    experiment, *run = hparams(values, dict.fromkeys(METRICS, 0))
    plugin = experiment.value[0].metadata.plugin_data
    content = HParamsPluginData.FromString(plugin.content)
    for info in content.experiment.hparam_infos:
        info.differs = info.name in FIRST  # TensorBoard sorts by this, then by name, whatever order they come in
    plugin.content = content.SerializeToString()
    return experiment, *run
