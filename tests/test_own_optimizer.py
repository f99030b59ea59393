"""--optimizer and --lr_scheduler train in place of the network's own optimizer."""

from pathlib import Path

import pytest
import torch
import yaml
from jsonargparse import Namespace

from digits.models import MLP
from digits.own_optimizer import use_optimizer
from tests.helpers import SMALL, Digits

FIT = ("fit", "--model=MLP", "--model.hidden=[8]", *SMALL, "--trainer.max_epochs=2", "--trainer.logger=false")
SGD = ("--optimizer=SGD", "--optimizer.lr=0.5", "--optimizer.momentum=0.9")
LAST = Path("lightning_logs/MLP/version_0/checkpoints/last.ckpt")


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
