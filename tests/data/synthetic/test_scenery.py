import numpy as np
from scipy import ndimage

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.scenery import scenery


def test_a_scene_is_full_of_edges_and_depends_on_the_seed_alone() -> None:
    scenes = [scenery((96, 128), Dice(seed)) for seed in range(24)]
    for scene in scenes:
        assert scene.shape == (96, 128)
        assert 0 <= scene.min() < scene.max() <= 1
    steep = [np.hypot(*(ndimage.sobel(scene, axis) for axis in (0, 1))) > 0.1 for scene in scenes]
    assert np.mean([share.mean() > 0.1 for share in steep]) > 0.8
    assert np.array_equal(scenes[3], scenery((96, 128), Dice(3)))
    assert not np.array_equal(scenes[3], scenes[4])
