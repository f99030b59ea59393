"""From the content of a picture file to its digits in MNIST's form."""

from io import BytesIO
from typing import Any

from digits.data.page import prepare_several
from digits.data.photo import NoDigit, prepare
from digits.data.picture_file import read_picture


def find_digits(content: bytes) -> dict[str, Any]:
    """Find the digits of a picture, of one or of several.

    Args:
        content: of its file.

    Returns:
        Either `error`, why there are none; or `digits`, line by line and from left to right, each with `image`, 784
        bytes, and `line` and `number` in it, from 0; between them marks such as a point, with `mark` for `image`.
    """
    try:
        picture = read_picture(BytesIO(content))
    except ValueError as error:
        return {"error": f"this file can't be read: {error}"}
    try:
        found = []
        for image, note, box in prepare_several(picture):
            if not note:
                found.append({"image": image.tobytes(), "line": box.line, "number": box.number})
            elif box.mark:
                found.append({"mark": box.mark, "line": box.line, "number": box.number})
        if len(found) < 2:
            found = [{"image": prepare(picture).tobytes(), "line": 0, "number": 0}]
    except NoDigit as error:
        return {"error": "the picture is blank" if str(error) == "blank" else str(error)}
    return {"digits": found}
