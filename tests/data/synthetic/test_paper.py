import numpy as np

from digits.data.synthetic import paper
from digits.data.synthetic.dice import Dice


def test_boxes_are_of_another_level_and_what_is_written_in_them_still_differs() -> None:
    page = np.full((96, 96), 0.9)
    page[20:76, 40:48] = 0.2  # a stroke
    kinds = set()
    for seed in range(40):
        dice = Dice((seed,))
        inside = paper.boxes(page.shape, 20, dice)
        shaded = paper.shade(page, inside, dice)
        assert 0 <= shaded.min() <= shaded.max() <= 1
        stroke, rest = (page < 0.5) & inside, (page > 0.5) & inside
        if stroke.any() and rest.any():
            kinds.add(bool(shaded[stroke].mean() > shaded[rest].mean()))
            assert abs(shaded[stroke].mean() - shaded[rest].mean()) > 0.05
    assert kinds == {False, True}  # dark on light, and light on dark
