"""Typed words and digits, in fonts that matplotlib brings: headings, labels of forms, running text, printed numbers."""

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from digits.data.synthetic.dice import Dice
from digits.data.synthetic.strokes import Grey, to_unit

FONTS = ("DejaVuSans*", "DejaVuSerif*", "STIXGeneral*", "cmr10", "cmb10", "cmss10", "cmtt10", "cmti10")
ODD = ("Display", "DejaVuSerif-Italic")  # the first have symbols only; the second was in no training
LETTERS = "eeeeeettttaaaaooooiiiinnnnssssrrrhhlllddcuummffppggwwyybbvvkkxjqz"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
OTHERS = "äöüßéèçñøłαβγδλμπσωБДЖИЛФЦШЯбджилфцшя€%&#@§"  # where a font lacks one, it has a box
ENDS = ":" * 6 + ".,;!?)-"
LIKE_DIGITS = frozenset("lIiOoSsZzBgqbDQ")  # alone they may be digits
TALL = 0.72  # of the size of a font is the height of its capitals


@cache
def font_files() -> tuple[str, ...]:
    """The fonts, those of letters."""
    folder = Path(get_data_path(), "fonts", "ttf")
    files = {str(file) for name in FONTS for file in folder.glob(f"{name}.ttf")}
    return tuple(sorted(file for file in files if not any(odd in file for odd in ODD)))


@lru_cache(maxsize=256)
def font_of(file: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels."""
    return ImageFont.truetype(file, size)


def typeset(text: str, height: float, file: str) -> Grey:
    """A line of text, its capitals `height` pixels high: (h, w), 0 to 1, with nothing around it; empty for blanks."""
    return to_unit(render(text, font_of(file, max(5, round(height / TALL))))[0])


def render(text: str, font: ImageFont.FreeTypeFont) -> tuple[Image.Image, int, int]:
    """A line of text, white on black, with nothing around it, maybe empty; its left end, and its top below its base."""
    left, top, right, bottom = (round(n) for n in font.getbbox(text, anchor="ls"))
    if right <= left or bottom <= top:
        return Image.new("L", (0, 0)), left, top
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, font=font, fill=255, anchor="ls")
    return image, left, top


def type_digit(label: int, height: float, dice: Dice, file: str | None = None) -> Grey:
    """A printed digit, (h, w), in this font or in one of them."""
    return stretch(typeset(str(label), height, file or dice.pick(font_files())), dice)


def type_word(height: float, dice: Dice, file: str | None = None) -> Grey:
    """A printed word, (h, w), in this font or in one of them."""
    return stretch(typeset(random_word(dice), height, file or dice.pick(font_files())), dice)


def stretch(line: Grey, dice: Dice) -> Grey:
    """A line of text, narrower or wider."""
    if line.size == 0 or dice.chance(0.5):
        return line
    width = max(1, round(line.shape[1] * dice.uniform(0.75, 1.3)))
    return np.asarray(Image.fromarray(line).resize((width, line.shape[0]), Image.Resampling.BILINEAR))


def random_word(dice: Dice) -> str:
    """Letters as in a language: small, with a capital first, or capitals only."""
    kind, n = dice.integer(0, 3), dice.integer(1, 9)
    letters = [dice.pick(OTHERS if dice.chance(0.03) else CAPITALS if kind == 3 else LETTERS) for _ in range(n)]
    if kind in (1, 2):
        letters[0] = letters[0].upper()
    if n == 1 and letters[0] in LIKE_DIGITS:
        letters = ["k"]
    return "".join(letters) + (dice.pick(ENDS) if dice.chance(0.25) else "")
