from pathlib import Path

from tests.helpers import Digits, read_events

FIT = ("fit", "--model=LargeCNN", "--trainer.max_epochs=1", "--name=run")
RUN = Path("lightning_logs/run/version_0")


def test_a_run_fills_the_pages_once(digits: Digits) -> None:
    digits(*FIT)
    digits("test", "--name=run")
    digits(*FIT, "--ckpt_path=last")  # resumes it
    assert len(list(RUN.glob("events.out.tfevents.*"))) == 3
    events = read_events(RUN)
    assert events.Tags()["graph"]
    (model,) = events.Tensors("model/text_summary")
    assert "LargeCNN" in str(model.tensor_proto)
    assert "max_epochs: 1" in str(events.Tensors("config/text_summary")[0].tensor_proto)
    assert len(events.Tensors("custom_scalars__config__")) == 1
    for label in range(10):
        assert [event.step for event in events.Tensors(f"precision_recall/{label}")] == [8]
        assert [event.step for event in events.Tensors(f"test_precision_recall/{label}")] == [0]
