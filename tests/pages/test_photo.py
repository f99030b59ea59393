import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from digits import load
from digits.data.idx import read_idx
from digits.data.mnist import BUNDLED
from digits.doubt import NOT_A_DIGIT
from digits.pages import photo
from digits.pages.grey import to_grey
from digits.pages.locate import Grey, InkMap, locate_ink
from digits.pages.photo import NoDigit, find_digit, is_mnist, main_digit
from tests.helpers import STROKES, check_form, prepare, seven, similarity, written

SIZES = [(120, 9), (400, 1), (60, 6), (1500, 40), (30, 3)]  # of the page, of the pen


REFERENCE = prepare(seven())


@pytest.mark.parametrize(("size", "pen"), SIZES)
def test_size_and_pen_do_not_matter(size: int, pen: int) -> None:
    prepared = prepare(seven(size, pen))
    check_form(prepared)
    assert similarity(prepared, REFERENCE) > 0.85


@pytest.mark.parametrize(
    ("ink", "paper"), [(0, 255), (20, 235), (120, 200), (150, 190), (255, 0), (230, 25), (120, 60), (70, 45)]
)
def test_pen_pencil_chalk_and_screen(ink: int, paper: int) -> None:
    noise = np.random.default_rng(0).normal(0, 2, (300, 300))
    image = Image.fromarray((np.asarray(seven(300, 14, ink, paper)) + noise).clip(0, 255).astype(np.uint8))
    prepared = prepare(image)
    check_form(prepared)
    assert similarity(prepared, REFERENCE) > 0.9


def shade(kind: str, size: int = 400) -> np.ndarray:
    y, x = np.mgrid[:size, :size] / size
    light = {
        "gradient": 0.4 + 0.6 * (0.7 * x + 0.3 * y),
        "hard shadow": np.where(x + 0.4 * y < 0.7, 0.5, 1.0),
        "soft shadow": ndimage.gaussian_filter(np.where(x + 0.4 * y < 0.7, 0.5, 1.0), 12),
        "vignette": 1 - 0.8 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
    }[kind]
    return light + np.random.default_rng(1).normal(0, 0.01, light.shape)


@pytest.mark.parametrize("pen", [6, 14])
def test_a_digit_may_reach_the_edge(pen: int) -> None:
    image = seven(120, pen)
    rows, columns = (np.flatnonzero((np.asarray(image) < 128).any(axis)) for axis in (1, 0))
    tight = image.crop((int(columns[0]) - 6, int(rows[0]), int(columns[-1]) + 7, int(rows[-1]) + 1))
    assert similarity(prepare(tight), REFERENCE) > 0.85


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (0, 255)])
def test_a_stroke_may_go_from_edge_to_edge_of_a_tiny_picture(ink: int, paper: int) -> None:
    pixels = np.full((16, 16), paper, np.uint8)
    pixels[:, 7:9] = ink
    prepared = prepare(Image.fromarray(pixels))
    check_form(prepared)
    rows, columns = np.nonzero(prepared > 127)
    assert np.ptp(columns) < 5 <= 18 <= np.ptp(rows) + 1


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (0, 255)])
def test_a_digit_may_cover_most_of_the_edge_of_a_tiny_picture(ink: int, paper: int) -> None:
    pixels = np.full((16, 16), paper, np.uint8)
    pixels[:2, 3:13] = pixels[-2:, 3:13] = pixels[3:13, :2] = pixels[3:13, -2:] = ink
    corners = [2, 2, 13, 13], [2, 13, 2, 13]
    pixels[corners] = ink
    prepared = prepare(Image.fromarray(pixels))
    check_form(prepared)
    assert prepared[10:18, 10:18].max() < 64


@pytest.mark.parametrize("kind", ["gradient", "hard shadow", "soft shadow", "vignette"])
def test_shadows_are_no_ink(kind: str) -> None:
    light = shade(kind)
    page = (np.asarray(seven(400, 14)) * light).clip(0, 255).astype(np.uint8)
    prepared = prepare(Image.fromarray(page))
    check_form(prepared)
    assert similarity(prepared, REFERENCE) > 0.85
    with pytest.raises(NoDigit):
        prepare(Image.fromarray((230 * light).clip(0, 255).astype(np.uint8)))


@pytest.mark.parametrize("level", [0, 100, 255])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (28, 28), (300, 200)])
def test_a_blank_page_is_no_digit(level: int, size: tuple[int, int]) -> None:
    with pytest.raises(NoDigit, match="blank"):
        prepare(Image.new("L", size, level))


@pytest.mark.parametrize("shape", ["rectangle", "ellipse"])
def test_a_filled_shape_is_no_digit(shape: str) -> None:
    image = Image.new("L", (200, 200), 240)
    getattr(ImageDraw.Draw(image), shape)((40, 30, 160, 170), fill=20)
    note = load("pretrained").read(image).note
    assert note.endswith("a filled shape") or note == NOT_A_DIGIT


def test_specks_and_a_frame_are_left_out() -> None:
    image = seven(300, 14)
    draw = ImageDraw.Draw(image)
    for x, y in [(20, 30), (250, 270), (40, 220)]:
        draw.ellipse((x, y, x + 4, y + 4), fill=20)
    draw.line((2, 0, 2, 299), fill=20, width=3)
    assert similarity(prepare(image), REFERENCE) > 0.9


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LA", "I", "F", "I;16", "YCbCr"])
def test_every_color_mode_is_read(mode: str) -> None:
    image = seven()
    image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    assert image.mode == mode
    assert similarity(prepare(image), REFERENCE) > 0.9


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (200, 30, 30)])
def test_transparency_counts_as_paper(ink: tuple[int, int, int]) -> None:
    image = Image.new("RGBA", (120, 120), (*ink, 0))
    image.putalpha(seven(ink=255, paper=0))
    assert similarity(prepare(image), REFERENCE) > 0.9


def test_mnist_passes_unchanged_and_inverted_mnist_does_not() -> None:
    assert np.array_equal(prepare(Image.fromarray(REFERENCE)), REFERENCE)
    assert np.array_equal(prepare(Image.fromarray(REFERENCE).convert("RGB")), REFERENCE)
    inverted = prepare(Image.fromarray(255 - REFERENCE))
    assert similarity(inverted, REFERENCE) > 0.9


@pytest.mark.parametrize("digit", STROKES)
def test_every_digit_gets_mnist_s_form(digit: str) -> None:
    check_form(prepare(written(digit)))
    check_form(prepare(written(digit, size=700, pen=14, ink=220, paper=40)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_no_ink(value: float) -> None:
    with pytest.raises(NoDigit, match="blank"):
        prepare(Image.fromarray(np.full((60, 60), value, np.float32)))


@pytest.mark.parametrize("every", [30, pytest.param(1, marks=pytest.mark.slow)])
def test_mnist_s_own_images_pass_as_they_are(every: int) -> None:
    images = read_idx(BUNDLED / "train-images-idx3-ubyte.gz")[::every].numpy()
    assert all(map(is_mnist, images.astype(np.float32)))


@pytest.mark.parametrize("size", [14, 24])
@pytest.mark.parametrize("digit", ["2", "4", "7"])
def test_a_drawing_of_28_pixels_on_black_is_brought_to_mnist_s_form(digit: str, size: int) -> None:
    image = Image.new("L", (28, 28))
    for stroke in STROKES[digit]:  # with hard edges
        ImageDraw.Draw(image).line([(3 + size * x, 2 + size * y) for x, y in stroke], fill=255, width=2)
    check_form(prepare(image))
    assert similarity(prepare(image), prepare(written(digit))) > 0.7


def test_a_pale_or_shifted_image_is_not_mnist_s() -> None:
    image = read_idx(BUNDLED / "train-images-idx3-ubyte.gz")[0].numpy().astype(np.float32)
    assert is_mnist(image)
    assert not is_mnist(image * np.float32(0.5))
    assert not is_mnist(np.roll(image, 2, axis=1))
    assert not is_mnist(np.float32(255) - image)


def test_the_straight_foot_of_a_tiny_digit_is_kept() -> None:
    image = Image.new("L", (28, 28))
    around = [
        (4, 12),
        (4, 11),
        (5, 9),
        (7, 7),
        (9, 7),
        (12, 8),
        (13, 10),
        (14, 11),
        (13, 13),
        (13, 15),
        (12, 16),
        (10, 16),
    ]
    ImageDraw.Draw(image).line([*around, (8, 18), (6, 20), (21, 20)], fill=255)  # from near, the foot looks like a rule
    assert load("pretrained").predict(image).classes == ["2"]


@pytest.mark.parametrize(("brightest", "belongs"), [(0.95, True), (0.8, False)])
def test_small_parts_of_a_broken_stroke_belong_to_the_digit_and_faint_ones_do_not(
    brightest: float, belongs: bool
) -> None:
    ink = np.zeros((40, 40), np.float32)
    ink[14:34, 18:22] = 1
    ink[9:12, 18:21] = 0.6  # its soft edge is most of it
    ink[10, 19] = brightest
    _, box = main_digit(InkMap(ink, ink * 0, ink * 0, 1.0, ink))
    assert box.top == (9 if belongs else 14)


def test_only_what_is_around_a_small_digit_is_looked_at_from_near(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Image.new("L", (1600, 1200), 225)
    page.paste(written("3", 180, 9), (1300, 900))
    seen: list[int] = []

    def look(grey: Grey, scale: float) -> InkMap:
        seen.append(round(grey.size * scale**2))
        return locate_ink(grey, scale)

    monkeypatch.setattr(photo, "locate_ink", look)
    digit, box = find_digit(to_grey(page), False, photo.ONE)
    assert max(digit.shape) > photo.SMALL
    assert 1300 < box.left < box.right < 1480
    assert 900 < box.top < box.bottom < 1080
    assert len(seen) == 2
    assert seen[1] < 150_000  # pixels; of the whole page, 196,608
