"""Pictures of several digits."""

import csv
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from digits import load
from digits.cli import main
from digits.data.picture_file import read_picture
from digits.data.pictures import load_one
from digits.data.synthetic.typed import font_files, typeset
from digits.pages import page as page_module
from digits.pages.glyphs import Glyph, find_glyphs
from digits.pages.layout import Place
from digits.pages.locate import InkMap
from digits.pages.page import (
    DigitBox,
    prepare_several,
    without_borders,
    without_ends,
    without_folds,
    without_pieces,
    without_specks,
)
from digits.pages.photo import NoDigit
from tests.helpers import Digits, check_form, prepare, seven, similarity, written


def page(rows: list[list[int]], size: int = 80, apart: int = 110, scale: int = 1) -> Image.Image:
    """Sevens of those heights, a little out of line."""
    sheet = Image.new("L", (apart * max(map(len, rows)), apart * len(rows)), 235)
    for y, row in enumerate(rows):
        for x, height in enumerate(row):
            sheet.paste(seven(height, pen=7), (x * apart + 10, y * apart + 12 + 8 * (x % 2)))
    return sheet.resize((sheet.width * scale, sheet.height * scale))


def test_digits_come_line_by_line_from_left_to_right() -> None:
    digits = prepare_several(page([[80, 70, 85], [75, 80]]))
    places = [place for _, _, place in digits]
    assert [place.line for place in places] == [0, 0, 0, 1, 1]
    assert [place.left // 110 for place in places] == [0, 1, 2, 0, 1]
    for image, note, place in digits:
        assert note == ""
        check_form(image)
        assert similarity(image, prepare(seven(80, pen=7))) > 0.9
        assert 40 <= place.height <= 85


def test_boxes_are_in_pixels_of_the_picture() -> None:
    small, large = (prepare_several(page([[80, 80]], scale=scale)) for scale in (1, 10))
    for (_, _, a), (_, _, b) in zip(small, large, strict=True):
        assert np.allclose(np.array(a[1:5]) * 10, b[1:5], atol=25)


def test_a_loose_bar_belongs_to_its_digit_and_lines_stay_apart() -> None:
    sheet = page([[80], [80]], apart=100)
    draw = ImageDraw.Draw(sheet)
    top = prepare_several(sheet)[0][2]
    draw.rectangle((top.left, top.top - 12, top.left + top.width, top.top - 7), fill=20)
    first, second = prepare_several(sheet)
    assert first[2].top < top.top - 8
    assert first[2].height > top.height + 8
    assert (first[2].line, second[2].line) == (0, 1)


def test_a_filled_shape_among_digits_is_none() -> None:
    sheet = page([[80, 80, 80]])
    ImageDraw.Draw(sheet).rectangle((115, 10, 195, 90), fill=20)
    digits = [box for _, note, box in prepare_several(sheet) if not note]
    assert [round(box.left / 110) for box in digits] == [0, 2]


@pytest.mark.parametrize("font", ["DejaVuSans.ttf", "STIXGeneralBol.ttf"])
def test_printed_words_beside_digits_are_no_digits(font: str) -> None:
    sheet = Image.new("L", (640, 300), 235)
    for y, word, number in ((40, "Total amount", "472"), (170, "Postcode", "583")):
        printed = typeset(word, 24, next(file for file in font_files() if file.endswith(font)))
        sheet.paste(40, (20, y + 40), Image.fromarray((255 * printed).astype(np.uint8)))
        for i, digit in enumerate(number):
            sheet.paste(written(digit).convert("L").resize((100, 100)), (330 + 85 * i, y))
    assert load("pretrained").read(sheet).text.split() == ["?", "472", "?", "583"]


def test_ends_of_lines_at_the_edge_are_left_out_where_there_are_many() -> None:
    def at(top: int, left: int, height: int, width: int) -> Glyph:
        return Glyph(top, left, np.ones((height, width), np.float32), np.zeros((height, width), np.float32), 0.0)

    ink = np.zeros((200, 300), np.float32)
    found = InkMap(ink, ink, ink, 1.0, 1 - ink)
    ends, digits = [at(0, 20 * i, 12, 4) for i in range(1, 9)], [at(0, 200, 40, 20), at(90, 100, 40, 20)]
    assert without_ends([*ends, *digits], 40, found) == digits
    assert len(without_ends([*ends[:3], *digits], 40, found)) == 5


def glyph(ink: np.ndarray) -> Glyph:
    return Glyph(0, 0, ink.astype(np.float32), np.zeros(ink.shape, np.float32), 0.0)


def low_digit(digit: str) -> Glyph:
    ink = 1 - np.asarray(written(digit, 30, 3, 0, 255)) / 255
    return glyph(ink[np.ix_((ink > 0.5).any(1), (ink > 0.5).any(0))])


def test_dots_of_the_paper_are_no_stroke() -> None:
    dots, thin = np.zeros((41, 3)), np.zeros((41, 20))
    dots[[0, 1, 19, 20, 39, 40]] = thin[:, 9:11] = 1
    page = [glyph(dots), glyph(thin)]
    assert [id(g) for g in without_specks(page, 40)] == [id(page[1])]


def test_low_pieces_of_rules_and_borders_are_no_digits() -> None:
    high, rule, corner = glyph(np.ones((40, 20))), glyph(np.ones((20, 4))), np.ones((18, 16))
    corner[4:, 4:] = 0
    corner[14:, 8:] = 1
    digit = low_digit("2")
    page = [*[high] * 9, rule, glyph(corner), digit]
    assert [id(g) for g in without_pieces(page, 40)] == [id(g) for g in [*[high] * 9, digit]]


def test_where_many_digits_are_low_they_are_digits() -> None:
    ring = np.pad(np.zeros((36, 16)), 2, constant_values=1)
    assert len(without_pieces([*[glyph(ring)] * 2, *[low_digit("1")] * 4], 40)) == 6


def test_the_grain_of_paper_around_a_small_digit_is_no_digit() -> None:
    sheet = Image.new("L", (900, 700), 190)
    sheet.paste(written("5", 34, 3, 30, 190), (390, 400))
    random = np.random.default_rng(0)
    grain = 7 * gaussian_filter(random.normal(size=(700, 900)), 1) + 5 * random.normal(size=(700, 900))
    noisy = Image.fromarray((np.asarray(sheet) + grain).clip(0, 255).astype(np.uint8))
    assert [(place.left // 390, place.top // 400) for _, _, place in prepare_several(noisy)] == [(1, 1)]


def test_folds_are_no_digits_whatever_the_light() -> None:
    light = np.repeat(np.linspace(1.0, 0.3, 200, dtype=np.float32)[None], 60, axis=0)
    ink, dark = np.zeros((2, 60, 200), np.float32)
    for i, level in enumerate((0.7, 0.4, 0.1, 0.7)):  # the third is a fold
        here = (slice(10, 50), slice(20 + 50 * i, 24 + 50 * i))
        ink[here], dark[here] = 1, level
    found = InkMap(ink, 0 * ink, 0 * ink, 1.0, light * (1 - dark))
    assert [g.left + 1 for g in without_folds(find_glyphs(found), found)] == [20, 70, 170]


@pytest.mark.parametrize("light", [False, True])
def test_what_goes_on_as_a_border_is_no_digit(light: bool) -> None:
    picture = Image.new("L", (150, 60), 230)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((30, 0, 39, 59), fill=60)  # a border, of which a piece is taken for ink
    draw.rectangle((60, 15, 69, 44), fill=60)
    draw.rectangle((0, 48, 149, 50), fill=150)  # a rule
    ink = np.zeros((60, 150), np.float32)
    ink[15:45, 30:40] = ink[15:45, 60:70] = 1
    image = np.asarray(picture, np.float32) / 255
    found = InkMap(ink, 0 * ink, 0 * ink, 1.0, (1 - image if light else image).astype(np.float32))
    pieces = find_glyphs(found)
    apart = [pieces[1]._replace(left=60 + 20 * i) for i in range(4)]
    assert [g.left for g in without_borders([pieces[0], *apart], 30, found)] == [60, 80, 100, 120]


def test_a_digit_on_strong_lines_is_no_piece_of_a_border(monkeypatch: pytest.MonkeyPatch) -> None:
    ink = np.zeros((60, 300), np.float32)
    for left in range(10, 300, 50):
        ink[15:45, left : left + 18] = 1
    lines = (np.arange(60)[:, None] % 3 == 0) & (np.arange(300) < 50)  # around the first
    for level, sure, left in ((0.8, 0.99, 9), (0.8, 0.9, 59), (0.5, 0.99, 9), (0.5, 0.9, 59)):
        image = np.where((ink > 0) | lines, level, 1).astype(np.float32)
        found = InkMap(ink, 0 * ink, 0 * ink, 1.0, image)
        monkeypatch.setattr(page_module, "judge", lambda pieces, sure=sure: np.full(len(pieces), sure))
        assert without_borders(find_glyphs(found), 30, found)[0].left == left


def test_the_lines_of_a_tilted_page_stay_in_order_beside_those_of_another_size() -> None:
    def named(top: int, line: int) -> page_module.Named:
        return glyph(np.ones((20, 10), np.float32))._replace(top=top), "", Place(0, line, 0, -1), 1.0

    parts = [[named(50, 0), named(40, 1), named(90, 2)], [named(45, 0), named(70, 1)]]
    assert [one[0].top for one in page_module.in_one(parts)] == [45, 50, 40, 70, 90]


def test_a_blank_page_has_no_digits() -> None:
    with pytest.raises(NoDigit, match="blank"):
        prepare_several(Image.new("L", (300, 200), 240))


def test_predict_has_a_row_for_each_digit(digits: Digits, trained: Digits, refused: Digits) -> None:
    trained()
    Path("pages").mkdir()
    page([[80, 80], [80, 80, 80]]).save("pages/a.png")
    Image.new("L", (300, 200), 240).save("pages/blank.png")
    options = ("--name=MLP", "--data=ImageDataModule", "--data.path=pages", "--data.multiple_digits=true")
    out = digits("predict", *options, "--predictions.path=p.csv", "--predictions.picture=p.png")
    assert "6 digits in 2 pictures: 5 predicted, 1 without a digit" in out
    with Path("p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["a.png"] * 5 + ["blank.png"]
    said = "".join(row["prediction"] for row in rows[:5])
    assert f"Read:a.png:{said}" in "".join(out.split())
    assert "Read: blank.png: no digit (blank)" in out
    assert rows[5]["note"] == "blank"
    expected = [place for _, _, place in prepare_several(Image.open("pages/a.png"))]
    assert [[row[name] for name in DigitBox._fields] for row in rows[:5]] == [list(map(str, box)) for box in expected]
    with Image.open("p.png") as picture:
        assert picture.width == 800
    Path("pages/broken.png").write_bytes(b"x")
    broken = ("--data.path=pages/broken.png", "--predictions.picture=q.png")
    assert "1 of the files could not be read" in refused("predict", *options, *broken)
    assert "--data.multiple_digits needs --data.prepare true" in refused("predict", *options, "--data.prepare=false")


def test_the_old_name_of_an_option_works_and_says_the_new_one(
    trained: Digits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained()
    page([[80, 80]]).save("page.png")
    capsys.readouterr()
    main(["predict", "--name=MLP", "--data=ImageDataModule", "--data.path=page.png", "--data.several", "true"])
    out, err = capsys.readouterr()
    assert "2 digits in 1 picture:" in out
    assert err.count("--data.several is called --data.multiple_digits now") == 1
    Path("old.yaml").write_text(
        "name: MLP\ndata: {class_path: ImageDataModule, init_args: {path: page.png, several: true}}"
    )
    main(["predict", "--config=old.yaml"])
    out, err = capsys.readouterr()
    assert "2 digits in 1 picture:" in out
    assert err.count("data.several is called data.multiple_digits now") == 1


def slow_page(kind: str) -> Image.Image:
    """What takes long to read: many marks, or strokes that are much thinner than long."""
    pixels = np.full((600, 600), 255, np.uint8)
    match kind:
        case "dots that touch":
            pixels[::2, ::2] = 0
        case "dots":
            pixels[::12, ::12] = 0
        case "hairline":
            pixels = np.full((1400, 700), 255, np.uint8)
            pixels[50:1350, 350] = 0
        case "lines":
            pixels[:, ::3] = 0
        case "dots along the edge":
            pixels[::4, :3] = pixels[:3, ::4] = 0
        case "one row":
            pixels = np.zeros((1, 65_535), np.uint8)
        case "one column":
            pixels = np.zeros((65_535, 1), np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("multiple_digits", [False, True])
@pytest.mark.parametrize(
    "kind", ["dots that touch", "dots", "hairline", "lines", "dots along the edge", "one row", "one column"]
)
def test_whatever_a_picture_shows_it_takes_bounded_time_and_memory(kind: str, multiple_digits: bool) -> None:
    picture = slow_page(kind)
    tracemalloc.start()
    start = time.thread_time()
    found = load_one(picture, multiple_digits=multiple_digits)
    assert time.thread_time() - start < 5
    assert tracemalloc.get_traced_memory()[1] < 400_000_000
    tracemalloc.stop()
    assert len(found) <= 2000


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_boxes_are_in_pixels_of_the_file_also_where_it_is_reduced_when_it_is_read(tmp_path: Path, suffix: str) -> None:
    small = page([[80, 80]])
    large = small.resize((4400, 2200))
    large.save(tmp_path / f"x.{suffix}")
    picture = read_picture(tmp_path / f"x.{suffix}")
    assert picture.width < 4400
    for (_, _, a), (_, _, b) in zip(prepare_several(small), prepare_several(picture), strict=True):
        assert np.allclose(np.array(a[1:5]) * 20, b[1:5], atol=60)


def test_the_boxes_of_a_form_are_no_digits_and_a_pale_digit_is_one() -> None:
    form, pale = Image.new("L", (560, 160), 235), Image.new("L", (560, 160), 235)
    for i, digit in enumerate("472053"):
        for page, ink in ((form, 40), (pale, 205 if digit == "2" else 120)):
            page.paste(written(digit, 160, 10, ink, 235).resize((80, 80)).crop((10, 5, 70, 75)), (35 + 82 * i, 44))
        ImageDraw.Draw(form).rectangle((30 + 82 * i, 38, 100 + 82 * i, 120), outline=80, width=2)
    reader = load("pretrained")
    assert reader.read(form).text.replace(" ", "") == "472053"
    assert reader.read(pale).text.replace(" ", "") == "472053"
