import pytest
import torch
from torch.nn.functional import cross_entropy

from digits.augment import NOT_A_DIGIT, broaden, make_non_digits
from digits.augment.non_digits import KINDS, LETTERS, PLACES
from digits.augment.strokes import curve, draw
from digits.metrics import digit_loss


def test_as_many_non_digits_as_asked_for_of_each_kind() -> None:
    torch.manual_seed(0)
    images, labels = torch.rand(40, 28, 28), torch.arange(40) % 10
    for n in (0, 1, 7, 40):
        out = make_non_digits(images, labels, n)
        assert out.shape == (n, 28, 28)
    assert out.min() >= 0
    assert out.max() <= 1
    for make in KINDS:
        assert make(images, labels, 5).shape == (5, 28, 28)


def test_letters_are_paths_over_known_places() -> None:
    assert len({len(letter) for letter in LETTERS}) == 1
    assert len(PLACES) == 10
    assert {place for letter in LETTERS for place in letter} <= set(range(10))


def test_a_line_is_as_wide_as_its_pen_and_a_lifted_pen_draws_nothing() -> None:
    line = torch.tensor([[[5.0, 10.0], [20.0, 10.0], [torch.nan, torch.nan], [5.0, 20.0], [20.0, 20.0]]])
    out = draw(line, torch.tensor([3.0]))[0]
    assert out[:, 12].nonzero().flatten().tolist() == [9, 10, 11, 19, 20, 21]
    assert out[15].sum() == 0


def test_a_curve_starts_and_ends_at_its_outer_points() -> None:
    points = torch.rand(4, 3, 2)
    line = curve(points, steps=8)
    assert line.shape == (4, 9, 2)
    torch.testing.assert_close(line[:, [0, -1]], points[:, [0, -1]])


@pytest.mark.parametrize("n", [1, 2, 50])
def test_a_broadened_batch_holds_its_digits_and_then_non_digits(n: int) -> None:
    images, labels = torch.randint(0, 256, (n, 28, 28), dtype=torch.uint8), torch.arange(n) % 10
    out, known = broaden(images, labels, lambda x: x, styles=0.3, robust=0.5, non_digits=0.2)
    assert torch.equal(known[:n], labels)
    assert (known[n:] == NOT_A_DIGIT).all()
    assert len(out) == len(known) == n + round(0.2 * n)
    assert out.dtype == torch.float32
    assert out.min() >= 0
    assert out.max() <= 255.01


def test_nothing_is_broadened_at_no_strength() -> None:
    images, labels = torch.randint(0, 256, (20, 28, 28), dtype=torch.uint8), torch.arange(20) % 10
    out, known = broaden(images, labels, lambda x: x, styles=0, robust=0, non_digits=0)
    torch.testing.assert_close(out, images.float())
    assert torch.equal(known, labels)


def test_the_loss_of_digits_is_cross_entropy_and_of_non_digits_least_where_all_classes_are_alike() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(50, 10), torch.arange(50) % 10
    torch.testing.assert_close(digit_loss(logits, labels, 0.1), cross_entropy(logits, labels, label_smoothing=0.1))
    targets = torch.zeros(50, 10).scatter(1, labels[:, None], 1.0)
    targets[20:] = 0.1
    labels[20:] = NOT_A_DIGIT
    torch.testing.assert_close(digit_loss(logits, labels), cross_entropy(logits, targets))
    even = torch.zeros(5, 10, requires_grad=True)
    digit_loss(even, torch.full((5,), NOT_A_DIGIT)).backward()
    assert even.grad is not None
    assert even.grad.abs().max() < 1e-7
