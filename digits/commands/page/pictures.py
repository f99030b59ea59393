"""From the content of a picture file to its digits in MNIST's form."""

from io import BytesIO
from typing import Any

from digits.data.picture_file import read_picture
from digits.pages.contents import find_contents
from digits.pages.photo import NoDigit


def find_digits(content: bytes) -> dict[str, Any]:
    """Find the digits of a picture, of one or of several.

    Args:
        content: of its file.

    Returns:
        Either `error`, why there are none; or `digits`, line by line and from left to right, each with `image`, 784
        bytes, and `line` and `number` in it, from 0; between them marks such as a point, with `mark` for `image`; and
        `more_pages`, whether the file has further pages, or frames, that are not read.
    """
    try:
        picture = read_picture(BytesIO(content))
    except ValueError as error:
        return {"error": f"this file can't be read: {error}"}
    try:
        contents = find_contents(picture)
    except NoDigit as error:
        return {"error": "the picture is blank" if str(error) == "blank" else str(error)}
    found: list[dict[str, Any]] = []
    for image, note, box in contents:
        where = {"line": box.line, "number": box.number}
        found.append({"mark": box.mark or "?", **where} if note else {"image": image.tobytes(), **where})
    return {"digits": found, "more_pages": picture.info["more_pages"]}
