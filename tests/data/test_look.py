"""The scale at which a page is looked at."""

from PIL import Image

from digits.data.page import prepare_several
from tests.helpers import seven


def test_the_digits_of_a_long_strip_are_found() -> None:
    digits, apart = 40, 60
    strip = Image.new("L", (apart * digits, 70), 235)
    for i in range(digits):
        strip.paste(seven(44, pen=4), (apart * i + 8, 13))
    assert sum(not note for _, note, _ in prepare_several(strip)) == digits
