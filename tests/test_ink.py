"""The network that finds ink, and its training."""

from pathlib import Path

import pytest
import torch

from digits.commands.fit_ink import main
from digits.errors import InputError
from digits.ink import STEP, WEIGHTS, InkNet, ink_net, save_weights
from digits.segmenter import InkSegmenter


def test_a_logit_of_each_kind_for_each_pixel() -> None:
    assert InkNet()(torch.rand(2, 1, 2 * STEP, 3 * STEP)).shape == (2, 3, 2 * STEP, 3 * STEP)


def test_the_packaged_weights_are_small_and_load() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000
    assert not ink_net().training
    assert all(p.isfinite().all() for p in ink_net().parameters())


def test_saved_weights_are_the_network(tmp_path: Path) -> None:
    network, again = InkNet().eval(), InkNet().eval()
    save_weights(network, tmp_path / "ink.pt")
    again.load_state_dict(torch.load(tmp_path / "ink.pt", weights_only=True))
    x = torch.rand(1, 1, STEP, STEP)
    assert torch.allclose(network(x), again(x), atol=0.02)


def test_the_loss_falls_on_one_batch() -> None:
    torch.manual_seed(0)
    module = InkSegmenter()
    batch = torch.zeros(2, 4, 64, 64, dtype=torch.uint8)
    batch[:, 0] = 200
    batch[:, :2, 20:40, 30:34] = torch.tensor([40, 255], dtype=torch.uint8)[:, None, None]
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    losses = []
    for _ in range(12):
        loss, _ = module.losses(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_a_mistyped_option_is_named_with_one_that_may_be_meant() -> None:
    with pytest.raises(InputError, match=r"unrecognized arguments: --model\.lrr 3: did you mean --model\.lr\?"):
        main(["fit", "--model.lrr", "3"])


@pytest.mark.slow
def test_the_config_trains(tiny_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Path("configs/ink.yaml").absolute()
    monkeypatch.chdir(tmp_path)
    small = [
        "--data.crops=4",
        "--data.batch_size=2",
        "--data.val_crops=2",
        "--data.digits=20",
        "--data.val_size=60",
        "--data.num_workers=0",
    ]
    main(["fit", f"--config={config}", *small, "--trainer.max_epochs=1", "--trainer.accelerator=cpu"])
    (weights,) = tmp_path.rglob("ink.pt")
    InkNet().load_state_dict(torch.load(weights, weights_only=True))
