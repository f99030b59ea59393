"""Made pages: handwriting on paper under bad light, with what is ink and what is not known for each pixel."""

from digits.data.synthetic.crop import Crop, make_crop
from digits.data.synthetic.datamodule import SyntheticPages

__all__ = ["Crop", "SyntheticPages", "make_crop"]
