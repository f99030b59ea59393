from pathlib import Path

from tests.helpers import SMALL_FIT, Digits, same_weights, weights

RUN = Path("lightning_logs/MLP/version_0")


def start_from(checkpoint: str) -> list[str]:
    return ["--trainer.callbacks+=digits.callbacks.StartFrom", f"--trainer.callbacks.checkpoint={checkpoint}"]


def test_training_starts_from_the_weights_of_another_run(digits: Digits, trained: Digits) -> None:
    trained()
    digits("fit", *SMALL_FIT, "--model.lr=0", *start_from(str(RUN)))
    assert same_weights(weights(RUN), weights(RUN.with_name("version_1")))


def test_weights_of_another_network_are_refused(trained: Digits, refused: Digits) -> None:
    trained()
    message = refused("fit", "--model=SmallCNN", "--trainer.max_epochs=1", *start_from(str(RUN)))
    assert "holds a MLP, but the network to train is a SmallCNN" in message
    message = refused("fit", *SMALL_FIT, "--model.hidden=[5]", *start_from(str(RUN)))
    assert "does not fit MLP" in message
