from collections.abc import Callable

import pytest
import torch

from digits.augment import drawn, restyle
from digits.augment.styles import STYLES, box, center, gap, narrow
from tests.helpers import draw


@pytest.fixture
def ring() -> torch.Tensor:
    """Eight rings of 20 pixels, the ink of a 0."""
    x = torch.arange(28) - 13.5
    distance = (x**2 + x[:, None] ** 2).sqrt()
    return (1.5 - (distance - 8.5).abs()).clamp(0, 1).expand(8, 28, 28)


def test_a_share_of_the_digits_that_have_a_style_changes_and_no_other() -> None:
    images, labels = draw(2000, seed=0)
    out = restyle(images / 255, labels.long(), 0.3)
    changed = (out != images / 255).flatten(1).any(1)
    styled = torch.isin(labels, torch.tensor(list(STYLES)))
    assert not changed[~styled].any()
    assert 0.22 < changed[styled].float().mean() < 0.38
    assert out.min() >= 0
    assert out.max() <= 1


def test_no_share_changes_nothing() -> None:
    images = torch.rand(20, 28, 28)
    assert torch.equal(restyle(images, torch.arange(20) % 10, 0.0), images)


@pytest.mark.parametrize("digit", STYLES)
def test_styles_draw_ink_within_the_image(digit: int, ring: torch.Tensor) -> None:
    torch.manual_seed(0)
    for style in STYLES[digit]:
        out = style(ring)
        assert out.shape == ring.shape
        assert out.min() >= 0
        assert out.max() <= 1
        assert (out != ring).flatten(1).any(1).all()  # each image
        assert len({image.numpy().tobytes() for image in out}) == 8  # by its own amount


def test_a_gap_only_takes_ink_away_and_only_above(ring: torch.Tensor) -> None:
    out = gap(ring)
    assert (out <= ring).all()
    assert torch.equal(out[:, 15:], ring[:, 15:])


def test_a_narrow_hand_keeps_the_height_and_leaves_four_pixels(ring: torch.Tensor) -> None:
    left, top, right, bottom = box(narrow(ring))
    assert (bottom - top + 1 >= 18).all()  # of 20
    width = right - left + 1
    assert (width <= 18).all()
    assert width.min() < 14
    stroke = torch.zeros(8, 28, 28)
    stroke[:, 4:24, 12:16] = 1
    left, _, right, _ = box(narrow(stroke))
    assert (right - left + 1 >= 4).all()


def test_box_is_that_of_the_ink() -> None:
    image = torch.zeros(1, 28, 28)
    image[0, 3:9, 10:12] = 1
    assert [float(edge) for edge in box(image)] == [10, 3, 11, 8]


def test_center_moves_the_centre_of_mass_to_the_middle() -> None:
    image = torch.zeros(1, 28, 28)
    image[0, 2:6, 20:26] = 1
    out = center(image)
    assert out.sum() == image.sum()
    assert torch.equal(out[0, 12:16, 11:17], torch.ones(4, 6))


DRAWN = [style for styles in STYLES.values() for style in styles if style.__module__ == drawn.__name__]


@pytest.mark.parametrize("style", DRAWN)
def test_digits_drawn_anew_are_high_enough_and_rarely_reach_the_edge(
    style: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    torch.manual_seed(0)
    out = center(style(torch.zeros(200, 28, 28)))
    _, top, _, bottom = box(out)
    assert ((bottom - top) >= 9).all()
    assert (out.amax(dim=(1, 2)) > 0.7).all()
    edge = torch.cat([out[:, [0, -1]].flatten(1), out[:, :, [0, -1]].flatten(1)], dim=1)
    assert (edge.amax(dim=1) > 0.5).float().mean() < 0.25
