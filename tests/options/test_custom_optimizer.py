"""--optimizer and --lr_scheduler train in place of the network's own optimizer."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from jsonargparse import Namespace

from digits.models import MLP
from digits.options.custom_optimizer import use_optimizer
from tests.helpers import SMALL, Digits

FIT = ("fit", "--model=MLP", "--model.hidden=[8]", *SMALL, "--trainer.max_epochs=2", "--trainer.logger=false")
SGD = ("--optimizer=SGD", "--optimizer.lr=0.5", "--optimizer.momentum=0.9")
EARLY = ("--trainer.callbacks=EarlyStopping", "--trainer.callbacks.monitor=val/loss")
LAST = Path("lightning_logs/MLP/version_0/checkpoints/last.ckpt")


class Wide(MLP):
    """Has a setting of its own."""

    def __init__(self, width: int = 8, **training: Any) -> None:
        super().__init__([width], **training)


def test_a_network_is_trained_by_it_and_resumed_by_its_kind_only(digits: Digits, refused: Digits) -> None:
    digits(*FIT, *SGD, "--lr_scheduler=StepLR", "--lr_scheduler.step_size=1")
    saved = torch.load(LAST, weights_only=True)
    assert saved["optimizers"] == ["SGD"]
    (group,) = saved["optimizer_states"][0]["param_groups"]
    assert (group["momentum"], group["initial_lr"]) == (0.9, 0.5)
    assert group["lr"] == pytest.approx(0.005)
    config = yaml.safe_load((LAST.parents[1] / "config.yaml").read_text(encoding="utf-8"))
    assert config["optimizer"]["class_path"] == "torch.optim.SGD"
    again = ("--ckpt_path=last", "--trainer.max_epochs=3")
    assert "was trained by SGD, but here is AdamW" in refused(*FIT, *again)
    digits(*FIT, *SGD, "--lr_scheduler=StepLR", "--lr_scheduler.step_size=1", *again)
    assert torch.load(LAST, weights_only=True)["epoch"] == 2
    assert "error" in digits("test", f"--config={LAST.parents[1]}/config.yaml", "--ckpt_path=last")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--lr_scheduler=StepLR", "--lr_scheduler.step_size=1"), "--lr_scheduler needs --optimizer"),
        ((*SGD, "--model.lr=0.1"), "--model.lr is of the network's own optimizer: give --optimizer.lr"),
        ((*SGD, "--trainer.callbacks=LearningRateFinder"), "LearningRateFinder finds a rate for the network's own"),
        (("--optimizer=SGDD",), "there is no class SGDD"),
        (("--optimizer=Adam", "--optimizer.learning-rate=1"), "is not accepted: did you mean --optimizer.lr?"),
        ((*SGD, "--lr_scheduler=StepLR", "--lr_scheduler.stepsize=1"), "did you mean --lr_scheduler.step_size?"),
        (
            (*SGD, "--lr_scheduler=OneCycleLR"),
            "error: --lr_scheduler.max_lr is missing, which OneCycleLR needs (",
        ),
        (("--optimizer=SGD", "--optimizer.lr=null"), "--optimizer.lr is null: give a value, or leave it out"),
        (
            ("--trainer.callbacks=EarlyStopping", "--trainer.callbacks.moniter=x"),
            "did you mean --trainer.callbacks.monitor",
        ),
        ((*EARLY, "--trainer.callbacks.patience=null"), "--trainer.callbacks.patience is null"),
        (("--model=tests.options.test_custom_optimizer.Wide", "--model.widht=1"), "did you mean --model.width?"),
        (("--optimizer=SGD", "--optimizer.lr=-1"), "Invalid learning rate: -1"),
        ((*SGD, "--lr_scheduler=ReduceLROnPlateau", "--lr_scheduler.monitor=val_loss"), "did you mean val/loss?"),
    ],
)
def test_options_that_do_not_go_together_are_named(refused: Digits, options: tuple[str, ...], named: str) -> None:
    assert named in refused(*FIT, *options)
    assert not list(Path("lightning_logs").rglob("version_*"))


def test_it_trains_the_layers_that_the_network_has_when_training_begins() -> None:
    network = MLP(hidden=[8])
    use_optimizer(network, Namespace(class_path="torch.optim.SGD", init_args=Namespace(lr=0.1)), None)
    network.layers[-1] = torch.nn.Linear(8, 26)
    optimizer = network.configure_optimizers()
    assert any(parameter is network.layers[-1].weight for parameter in optimizer.param_groups[0]["params"])
