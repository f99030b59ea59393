"""The page in the browser that digits are drawn on: what it shows, and what answers it."""

import os
from base64 import b64decode, b64encode
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from digits.data.page import NOWHERE, prepare_several
from digits.data.photo import NoDigit, prepare
from digits.data.picture_file import read_picture
from digits.data.text import as_text
from digits.doubt import NOT_A_DIGIT, UNSURE
from digits.predictor import Predictor

PAGE = Path(__file__).parent


def read(network: Predictor, picture: Image.Image) -> tuple[str, str]:
    """Read a picture of one digit, or of several in a row.

    Args:
        network: a trained one.
        picture: of any size and mode.

    Returns:
        The numbers, with a question mark after a digit that is unsure, and in place of what is none; or why there is
        no number. And HTML: of each digit what the network sees, a bar for each class, and the doubt.
    """
    try:
        page = prepare_several(picture)
        if len(page) < 2:
            page = [(prepare(picture), "", NOWHERE)]
    except NoDigit as error:
        return "Draw a digit, or several in a row" if str(error) == "blank" else f"No digit: {error}", ""
    images = np.array([image for image, note, _ in page if not note], np.uint8).reshape(-1, 28, 28)
    classes, probabilities, notes = network.predict(images)
    marks = {"": "{}", UNSURE: "{}?", NOT_A_DIGIT: "?"}
    digits = iter(marks[note].format(name) for name, note in zip(classes, notes, strict=True))
    said = ["?" if note else next(digits) for _, note, _ in page]
    return as_text([box for *_, box in page], said), "".join(
        map(partial(figure, network.classes), images, probabilities, notes)
    )


def figure(classes: list[str], image: np.ndarray, probabilities: np.ndarray, note: str) -> str:
    """HTML of one digit as the network sees it, (28, 28) uint8, a bar for the probability of each class, and a note."""
    file = BytesIO()
    Image.fromarray(image).save(file, "png")
    bars = "".join(
        f"<div class='bar'><span>{name}</span><i style='width: {round(60 * float(p))}px'></i><span>{p:.0%}</span></div>"
        for name, p in zip(classes, probabilities, strict=True)
    )
    url = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    return f"<figure><img src='{url}' alt=''>{bars}<figcaption>{note}</figcaption></figure>"


def read_url(network: Predictor, url: str) -> tuple[str, str]:
    """Read a picture that the browser sends as a data URL, `data:image/png;base64,…`; see `read`."""
    try:
        return read(network, read_picture(BytesIO(b64decode(url.partition(",")[2]))))
    except ValueError as error:
        return f"This file can't be read: {error}", ""


def page(network: Predictor) -> Any:
    """The page, a `gradio.Blocks`."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    def read(url: str) -> tuple[str, str]:
        return read_url(network, url)

    with gr.Blocks(title="digits", analytics_enabled=False) as blocks:
        gr.HTML(
            html_template=(PAGE / "page.html").read_text(),
            css_template=(PAGE / "style.css").read_text(),
            js_on_load=(PAGE / "script.js").read_text(),
            server_functions=[read],
            apply_default_css=False,
            elem_id="digits",
        )
    return blocks
