import torch

from digits.doubt import NOT_A_DIGIT, UNSURE, Doubt, fit_doubt


def test_few_of_the_images_that_thresholds_are_set_on_are_doubted() -> None:
    torch.manual_seed(0)
    probabilities = (5 * torch.randn(10_000, 10)).softmax(dim=1)
    doubt = fit_doubt(probabilities)
    notes = [doubt.note(float(p.max())) for p in probabilities]
    assert abs(notes.count(NOT_A_DIGIT) - 10) <= 1
    assert abs(notes.count(UNSURE) - 40) <= 2


def test_what_lies_below_a_threshold_is_doubted_and_nothing_else() -> None:
    doubt = Doubt(unsure=0.8, not_a_digit=0.4)
    assert [doubt.note(p) for p in (0.39, 0.4, 0.79, 0.8, 1.0)] == [NOT_A_DIGIT, UNSURE, UNSURE, "", ""]


def test_without_thresholds_nothing_is_doubted() -> None:
    assert Doubt().note(0.1) == ""
