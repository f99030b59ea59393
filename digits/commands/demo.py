"""`digits demo`: draw digits in the browser, and see what a network sees and says."""

import importlib.util
import os
from base64 import b64decode, b64encode
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from digits.checkpoint import Checkpoint
from digits.data.page import prepare_several
from digits.data.photo import NoDigit, prepare
from digits.data.picture_file import read_picture
from digits.doubt import NOT_A_DIGIT, UNSURE
from digits.errors import InputError
from digits.predictor import Predictor
from digits.predictor import load as load_network
from digits.runs import LOG_ROOT, best_of_all

PAGE = Path(__file__).parent / "page"


def read(network: Predictor, picture: Image.Image) -> tuple[str, str]:
    """Read a picture of one digit, or of several in a row.

    Args:
        network: a trained one.
        picture: of any size and mode.

    Returns:
        The number, with a question mark after a digit that is unsure, and in place of what is probably none; or why
        there is no number. And HTML: of each digit what the network sees, a bar for each class, and the doubt.
    """
    try:
        found = [image for image, note, _ in prepare_several(picture) if not note]
        if len(found) < 2:
            found = [prepare(picture)]
    except NoDigit as error:
        return "Draw a digit, or several in a row" if str(error) == "blank" else f"No digit: {error}", ""
    images = np.stack(found)
    classes, probabilities, notes = network.predict(images)
    marks = {"": "{}", UNSURE: "{}?", NOT_A_DIGIT: "?"}
    number = "".join(marks[note].format(name) for name, note in zip(classes, notes, strict=True))
    return number, "".join(map(partial(figure, network.classes), images, probabilities, notes))


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


def newest(root: Path) -> Path | str:
    """The newest best checkpoint of this package's networks in `root`, or "pretrained"."""
    return next((path for path in best_of_all(root) if Checkpoint.read(path).is_builtin), "pretrained")


def demo(ckpt_path: str | None = None, host: str = "127.0.0.1", port: int = 7860, browser: bool = True) -> None:
    """Draw digits in the browser, and see what a network sees and says.

    Args:
        ckpt_path: the checkpoint of the network, or pretrained; by default the newest best one of all runs of this
            package's networks, or the weights that come with the package where there are none.
        host: the address to listen on; 0.0.0.0 lets others in the network draw, too.
        port: the port to listen on.
        browser: open the page in the browser.

    Raises:
        InputError: Gradio is not installed, the checkpoint can't be read, or the port is taken.
    """
    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs Gradio: pip install 'digits[demo]'")
    source = ckpt_path or newest(Path(LOG_ROOT))
    network = load_network(source)
    blocks = page(network)
    import gradio as gr

    system = ["system-ui", "sans-serif"]  # Gradio's own come from another site
    try:
        _, url, _ = blocks.launch(
            server_name=host,
            server_port=port,
            inbrowser=browser,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            ssr_mode=False,
            footer_links=[],
            theme=gr.themes.Default(font=system, font_mono=["monospace"]),
        )
    except OSError as error:
        raise InputError(f"--port {port}: {error}") from None
    print(f"Checkpoint: {source}\nOpen {url} (Ctrl-C ends)", flush=True)
    blocks.block_thread()
