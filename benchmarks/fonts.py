"""How well handwriting of fonts is read: hands that nothing was trained on.

python -m benchmarks.fonts FOLDER [--ckpt_path A.ckpt]

FOLDER holds font files (.ttf, .otf, .woff). With each, the ten digits are written as pictures of one digit, as they
are, narrow, wide and slanted, and a page of four lines of numbers. All go the whole way of the product. A digit counts
as read by the longest common subsequence of what is on the picture and what is read; digits beyond that are extra.
"""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from benchmarks.record import make_parser, report
from benchmarks.synthetic_pages import Score, product

SIDE = 280  # of a picture of one digit, in pixels
SIZE, PAGE_SIZE = 200, 70  # of the fonts
PAPER, PEN = 245, 30
# How a digit is changed: (a, b) of x' = a x + b y, about the middle.
SHAPES = {"as they are": (1.0, 0.0), "narrow": (0.6, 0.0), "wide": (1.5, 0.0), "slanted": (1.0, -0.3)}

Font = ImageFont.FreeTypeFont


def digit_picture(digit: str, font: Font, width: float, slant: float) -> Image.Image:
    """A picture of one digit in its middle."""
    image, middle = Image.new("L", (SIDE, SIDE), PAPER), SIDE / 2
    ImageDraw.Draw(image).text((middle, middle), digit, PEN, font, anchor="mm")
    back = (1 / width, -slant / width, middle - (1 - slant) * middle / width, 0, 1, 0)  # from the result to the source
    return image.transform(image.size, Image.Transform.AFFINE, back, Image.Resampling.BICUBIC, fillcolor=PAPER)


def page_of_numbers(font: Font, dice: random.Random) -> tuple[Image.Image, str]:
    """A page of four lines, each of two numbers of one to five digits; and its digits in reading order."""
    image = Image.new("L", (700, 520), PAPER)
    pen, written = ImageDraw.Draw(image), ""
    for line in range(4):
        numbers = ["".join(dice.choices("0123456789", k=dice.randint(1, 5))) for _ in range(2)]
        pen.text((40 + dice.randint(0, 40), 40 + 115 * line), " ".join(numbers), PEN, font)
        written += "".join(numbers)
    return image, written


def pictures(path: Path) -> Iterator[tuple[str, Image.Image, str]]:
    """All pictures of a font: their kind, the picture, and its digits."""
    large = ImageFont.truetype(str(path), SIZE)
    for kind, shape in SHAPES.items():
        for digit in "0123456789":
            yield kind, digit_picture(digit, large, *shape), digit
    yield "pages", *page_of_numbers(ImageFont.truetype(str(path), PAGE_SIZE), random.Random(path.stem))


def main() -> None:
    """Measure and print, and save the figures; see `benchmarks.record`."""
    parser = make_parser(__doc__)
    parser.add_argument("folder", type=Path, help="with font files")
    parser.add_argument("--ckpt_path", default="pretrained", help="the checkpoint to read with")
    args = parser.parse_args()
    fonts = sorted(path for path in args.folder.iterdir() if path.suffix in (".ttf", ".otf", ".woff"))
    if not fonts:
        parser.error(f"{args.folder} has no .ttf, .otf or .woff")
    read = product(args.ckpt_path)
    scores: dict[str, Score] = defaultdict(Score)
    for path in fonts:
        for kind, image, truth in pictures(path):
            start = time.perf_counter()
            said = read(image)
            scores[kind].add(truth, said, time.perf_counter() - start)
    figures = {"fonts": len(fonts), **{kind: one.figures() for kind, one in scores.items()}}
    report("fonts", figures, args.record, ("torch", "pillow"))


if __name__ == "__main__":
    main()
