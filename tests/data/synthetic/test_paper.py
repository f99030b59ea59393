import numpy as np
from scipy import ndimage

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


def test_frames_close_around_what_is_written_do_not_go_through_it() -> None:
    text = [(7, 40, 40, 24, 14), (1, 40, 58, 24, 14)]
    inside = np.zeros((120, 120), bool)
    inside[40:64, 40:54] = True
    close = 0
    for seed in range(60):
        box = paper.around(text, Dice(seed))
        assert box in [(40, 40, 24, 14), (40, 40, 24, 32), (40, 58, 24, 14)]
        lines = paper.frames((120, 120), 24, text, Dice(seed)) > 0
        near = ndimage.binary_dilation(inside, iterations=8)
        close += bool(lines[near].any() and not lines[inside].any())
    assert close > 5


def test_bubbles_are_rings_of_one_size_and_some_are_filled() -> None:
    areas: list[float] = []
    filled = 0
    for seed in range(20):
        lines = paper.bubbles((192, 192), 24, Dice(seed)) > 0
        labels, n = ndimage.label(ndimage.binary_fill_holes(lines))
        whole = [
            i + 1
            for i, box in enumerate(ndimage.find_objects(labels))
            if all(s.start > 0 and s.stop < 192 for s in box)
        ]
        sizes = ndimage.sum_labels(labels > 0, labels, whole)
        if len(whole) > 1:
            areas.append(float(np.std(sizes) / np.mean(sizes)))
            filled += any(lines[labels == i].all() for i in whole)
        assert n > 0
    assert np.median(areas) < 0.05
    assert 0 < filled < 20
