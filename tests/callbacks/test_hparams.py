from pathlib import Path

from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tests.helpers import Digits, read_events


def test_the_hparams_page_opens_on_what_people_change(digits: Digits) -> None:
    digits("fit", "--model=MLP", "--trainer.max_epochs=2", "--model.lr=0.01", "--name=run")
    events = read_events(Path("lightning_logs/run/version_0"))
    content = {
        tag: HParamsPluginData.FromString(events.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content)
        for tag in ("experiment", "session_start_info")
    }
    experiment, values = content["experiment"].experiment, content["session_start_info"].session_start_info.hparams
    # TensorBoard shows the first five, in this order.
    first = sorted(experiment.hparam_infos, key=lambda info: (not info.differs, info.name))[:5]
    assert [info.name for info in first] == ["batch_size", "lr", "max_epochs", "model", "weight_decay"]
    assert [info.name.tag for info in experiment.metric_infos] == ["val/accuracy", "val/error"]
    assert set(values) == {info.name for info in experiment.hparam_infos} > {"rotation", "elastic"}
    assert (values["model"].string_value, values["lr"].number_value, values["max_epochs"].number_value) == (
        "MLP",
        0.01,
        2,
    )
