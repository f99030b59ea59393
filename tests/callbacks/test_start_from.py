from pathlib import Path

import torch

from tests.helpers import Digits

RUN = Path("lightning_logs/MLP/version_0")


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"]


def start_from(checkpoint: str) -> list[str]:
    return ["--trainer.callbacks+=digits.callbacks.StartFrom", f"--trainer.callbacks.checkpoint={checkpoint}"]


def test_training_starts_from_the_weights_of_another_run(digits: Digits) -> None:
    digits("fit", "--model=MLP", "--trainer.max_epochs=1")
    digits("fit", "--model=MLP", "--trainer.max_epochs=1", "--model.lr=0", *start_from(str(RUN)))
    first, second = weights(RUN), weights(RUN.with_name("version_1"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_weights_of_another_network_are_refused(digits: Digits, refused: Digits) -> None:
    digits("fit", "--model=MLP", "--trainer.max_epochs=1")
    message = refused("fit", "--model=SmallCNN", "--trainer.max_epochs=1", *start_from(str(RUN)))
    assert "holds a MLP, but the network to train is a SmallCNN" in message
    message = refused("fit", "--model=MLP", "--model.hidden=[5]", "--trainer.max_epochs=1", *start_from(str(RUN)))
    assert "does not fit MLP" in message
