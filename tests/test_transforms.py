import pytest
import torch

from digits.transforms import augment, normalize, redraw


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8)


def test_normalize_gives_mean_zero_and_deviation_one(images: torch.Tensor) -> None:
    scaled = images / 255
    out = normalize(images, scaled.mean().item(), scaled.std().item())
    assert out.shape == (5, 1, 28, 28)
    assert out.dtype == torch.float32
    assert abs(out.mean()) < 1e-5
    assert abs(out.std() - 1) < 1e-5


def test_augmentation_of_no_strength_is_the_identity(images: torch.Tensor) -> None:
    torch.testing.assert_close(augment(images), images.float(), atol=0.05, rtol=0)


def test_augmentation_differs_per_image_and_repeats_with_the_seed() -> None:
    images = torch.zeros(8, 28, 28, dtype=torch.uint8)
    images[:, 10:18, 12:15] = 255
    torch.manual_seed(0)
    first = augment(images, rotation=10, zoom=0.1, shift=0.1)
    torch.manual_seed(0)
    again = augment(images, rotation=10, zoom=0.1, shift=0.1)
    assert torch.equal(first, again)
    assert len({image.numpy().tobytes() for image in first}) == 8
    assert first.min() >= 0
    assert first.max() < 255.01


def test_shift_stays_within_its_bound() -> None:
    images = torch.zeros(500, 28, 28, dtype=torch.uint8)
    images[:, 10:18, 10:18] = 200  # below 255, so that bicubic overshoot isn't cut off
    out = augment(images, shift=0.1)
    rows = (out.sum(2) * torch.arange(28)).sum(1) / out.sum((1, 2))
    assert 2.4 < (rows - 13.5).abs().max() <= 2.8 + 0.1  # 10% of 28; what undershoots 0 is cut off


def test_zoom_scales_height_and_width() -> None:
    images = torch.zeros(500, 28, 28, dtype=torch.uint8)
    images[:, 9:19, 9:19] = 255
    out = augment(images, zoom=0.2)
    height, width = (out.amax(axis).sum(1) / (255 * 10) for axis in (2, 1))
    for factor in (height, width):
        assert 0.79 < factor.min() < 0.85
        assert 1.15 < factor.max() < 1.23
    assert (height / width - 1).abs().max() > 0.2


@pytest.mark.parametrize("shape", [(28, 28), (20, 40)])
def test_rotation_keeps_lengths(shape: tuple[int, int]) -> None:
    h, w = shape
    images = torch.zeros(300, h, w, dtype=torch.uint8)
    images[:, h // 2 - 1 : h // 2 + 1, w // 2 - 8 : w // 2 + 8] = 255
    out = augment(images, rotation=90)
    y, x = torch.meshgrid(torch.arange(h) - (h - 1) / 2, torch.arange(w) - (w - 1) / 2, indexing="ij")
    moment = (out * (x**2 + y**2)).sum((1, 2)) / out.sum((1, 2))  # of inertia: no rotation changes it
    assert moment.max() / moment.min() < 1.05
    vertical = (out * y**2).sum((1, 2)) / out.sum((1, 2))
    assert vertical.max() > 0.9 * moment.mean()  # some have turned upright


def test_digits_are_moved_drawn_with_a_wider_pen_filled_and_stretched_on_their_background() -> None:
    images = torch.full((2, 1, 28, 28), -0.4)
    images[:, 0, 4:24, 10:18] = 2.0
    hollow = images.clone()
    hollow[:, 0, 6:22, 12:16] = -0.4  # strokes of two pixels around four
    boxes = [(one[0, 0] > 0.8).nonzero() for one in redraw(images)]
    corners = [tuple(box.amin(0).tolist()) for box in boxes]
    sizes = [tuple((box.amax(0) - box.amin(0) + 1).tolist()) for box in boxes]
    assert corners[:4] == [(3, 9), (3, 11), (5, 9), (5, 11)]
    assert sizes == 4 * [(20, 8)] + [(22, 10), (20, 8), (23, 10), (20, 6)]
    assert all(one.shape == images.shape and one.amin() == pytest.approx(-0.4) for one in redraw(images))
    torch.testing.assert_close(redraw(hollow)[5], images)


def test_shear_slants() -> None:
    images = torch.zeros(300, 28, 28, dtype=torch.uint8)
    images[:, 4:24, 13:15] = 255
    out = augment(images, shear=0.2)
    places = (out * torch.arange(28)).sum(2) / out.sum(2)  # of the ink in each row
    lean = (places[:, 20] - places[:, 7]) / 13
    assert 0.18 < lean.abs().max() < 0.21
    assert lean.min() < 0 < lean.max()
    assert (places[:, 13] + places[:, 14] - 27).abs().max() < 0.05  # the middle stays


def test_elastic_distortion_moves_neighbours_alike() -> None:
    images = torch.zeros(500, 28, 28, dtype=torch.uint8)
    images[:, 12:16, 4:24] = 255
    out = augment(images, elastic=0.05)
    height = (out.sum(1).clamp(min=1) ** -1 * (out * torch.arange(28)[:, None]).sum(1))[:, 6:22] - 13.5  # of the bar
    assert 0.5 * 0.05 * 28 < height.std() < 0.05 * 28
    assert (height[:, 1:] - height[:, :-1]).std() < 0.5 * height.std()
    assert height.mean().abs() < 0.1
