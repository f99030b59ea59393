import pytest
import torch

from digits.augment.conditions import CHANGES, Change, margin, on_some, rule, stretch, thin, vary, widen


@pytest.fixture
def bars() -> torch.Tensor:
    """Upright bars, (30, 28, 28), 4 pixels wide, with a grey fringe."""
    images = torch.zeros(30, 28, 28)
    images[:, 4:24, 12:16] = 1
    images[:, 4:24, 16:18] = torch.linspace(0, 0.49, 20)[:, None]
    return images


@pytest.mark.parametrize("change", list(dict.fromkeys(change for _, change in CHANGES)))
def test_each_change_keeps_shape_and_range_and_draws_for_each_image(change: Change, bars: torch.Tensor) -> None:
    torch.manual_seed(0)
    out = change(bars)
    assert out.shape == bars.shape
    assert out.dtype == torch.float32
    assert out.min() >= -1e-6
    assert out.max() <= 1 + 1e-6
    assert (out != bars).flatten(1).any(1).float().mean() > 0.4
    if change.__name__ != "invert":
        assert len({image.numpy().tobytes() for image in out}) > 4


def test_the_same_seed_gives_the_same_images(bars: torch.Tensor) -> None:
    torch.manual_seed(0)
    first = vary(bars)
    torch.manual_seed(0)
    assert torch.equal(vary(bars), first)
    assert not torch.equal(vary(bars), first)


def test_a_change_for_some_leaves_the_others(bars: torch.Tensor) -> None:
    torch.manual_seed(0)
    out = on_some(bars.expand(1, 30, 28, 28).reshape(30, 28, 28).repeat(20, 1, 1), 0.25, lambda x: 1 - x)
    assert 0.2 < (out[:, 0, 0] == 1).float().mean() < 0.3
    assert torch.equal(on_some(bars, 0.0, lambda x: 1 - x), bars)


def test_pens_get_wider_and_finer(bars: torch.Tensor) -> None:
    assert (widen(bars) >= bars).all()
    assert widen(bars).sum() > bars.sum()
    assert thin(bars).sum() < bars.sum()
    assert thin(bars)[:, 10, 13].min() == 1  # the ink is as strong as before


def test_stretch_widens_to_at_most_20_pixels_about_the_middle(bars: torch.Tensor) -> None:
    widths = (stretch(bars) > 0.5).any(1).sum(1)
    assert widths.min() >= 4
    assert 10 <= widths.max() <= 20


def test_margins_and_rules_leave_what_they_miss(bars: torch.Tensor) -> None:
    assert torch.equal(margin(bars)[:, 11:17, 12:16], bars[:, 11:17, 12:16])  # the middle
    assert (rule(bars) >= bars).all()
