"""`python -m digits demo`: draw digits in the browser, and see what a network sees and says."""

import importlib.util
import os
from base64 import b64decode, b64encode
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from digits import photos
from digits.errors import InputError
from digits.predictor import Predictor
from digits.predictor import load as load_network
from digits.runs import LOG_ROOT, newest_of_all

WIDTH, HEIGHT, PEN = 640, 400, 26  # pixels of the canvas, and of its pen
UNSURE = 0.5  # below this probability a digit has a question mark

PAGE = f"""
<canvas width="{WIDTH}" height="{HEIGHT}" aria-label="Draw here"></canvas>
<div class="buttons">
  <button type="button" class="undo">Undo</button>
  <button type="button" class="clear">Clear</button>
  <label>Photo… <input type="file" accept="image/*"></label>
</div>
<div class="reading" role="status">Draw a digit, or several in a row</div>
<div class="seen"></div>
"""

STYLE = """
max-width: 640px; margin: 0 auto; text-align: center; font-family: system-ui, sans-serif;
canvas { width: 100%; background: white; border: 1px solid #888; border-radius: 8px; touch-action: none; }
canvas { cursor: crosshair; display: block; }
.buttons { display: flex; gap: 8px; margin: 8px 0; }
.buttons > * { flex: 1; padding: 10px; border: 1px solid #888; border-radius: 8px; cursor: pointer; font-size: 1rem; }
.buttons > * { background: none; color: inherit; }
.buttons input { display: none; }
.reading { min-height: 2em; line-height: 2em; font-size: 1.6rem; }
.seen { display: flex; flex-wrap: wrap; gap: 16px; justify-content: center; }
.seen figure { margin: 0; }
.seen img { width: 112px; height: 112px; image-rendering: pixelated; margin: 0 0 6px; }
.bar { display: flex; align-items: center; gap: 6px; width: 112px; font: 12px/17px monospace; }
.bar i { height: 10px; background: #2563eb; border-radius: 2px; }
"""

SCRIPT = f"""
const canvas = element.querySelector("canvas"), pen = canvas.getContext("2d");
const reading = element.querySelector(".reading"), seen = element.querySelector(".seen");
const file = element.querySelector("input");
let strokes = [], drawing = false, asked = 0, waiting = null;

function redraw() {{
  pen.fillStyle = "white";
  pen.fillRect(0, 0, {WIDTH}, {HEIGHT});
  pen.lineWidth = {PEN};
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {{
    pen.beginPath();
    for (const [x, y] of stroke) pen.lineTo(x, y);
    pen.lineTo(...stroke[stroke.length - 1]);  // a dot, too
    pen.stroke();
  }}
}}
async function ask(picture) {{
  clearTimeout(waiting);
  waiting = null;
  const number = ++asked;
  reading.ariaBusy = true;
  const answer = await server.read(picture);
  if (number !== asked) return;  // another stroke is further
  reading.textContent = answer[0];
  seen.innerHTML = answer[1];
  reading.ariaBusy = false;
}}
const askCanvas = () => ask(canvas.toDataURL("image/png"));
const askSoon = () => {{ waiting ??= setTimeout(askCanvas, 150); }};
function point(event) {{
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * {WIDTH} / box.width, (event.clientY - box.top) * {HEIGHT} / box.height];
}}
canvas.onpointerdown = (event) => {{
  canvas.setPointerCapture(event.pointerId);
  drawing = true;
  strokes.push([point(event)]);
  redraw();
}};
canvas.onpointermove = (event) => {{
  if (!drawing) return;
  strokes[strokes.length - 1].push(point(event));
  redraw();
  askSoon();
}};
canvas.onpointerup = canvas.onpointercancel = () => {{
  if (drawing) askCanvas();
  drawing = false;
}};
element.querySelector(".undo").onclick = () => {{ strokes.pop(); redraw(); askCanvas(); }};
element.querySelector(".clear").onclick = () => {{ strokes = []; redraw(); askCanvas(); }};
function show(photo) {{
  reading.ariaBusy = true;
  const reader = new FileReader();
  reader.onload = () => {{
    const picture = new Image();
    picture.onload = () => {{
      const scale = Math.min({WIDTH} / picture.width, {HEIGHT} / picture.height);
      const [w, h] = [picture.width * scale, picture.height * scale];
      pen.drawImage(picture, ({WIDTH} - w) / 2, ({HEIGHT} - h) / 2, w, h);
    }};
    picture.src = reader.result;
    strokes = [];
    redraw();
    ask(reader.result);
  }};
  reader.readAsDataURL(photo);
}}
file.onchange = () => {{ if (file.files.length) show(file.files[0]); file.value = ""; }};
element.ondragover = (event) => event.preventDefault();
element.ondrop = (event) => {{
  event.preventDefault();
  if (event.dataTransfer.files.length) show(event.dataTransfer.files[0]);
}};
redraw();
"""


def read(network: Predictor, picture: Image.Image) -> tuple[str, str]:
    """Read a picture of one digit, or of several in a row.

    Args:
        network: a trained one.
        picture: of any size and mode.

    Returns:
        The number, or why there is none; and HTML: of each digit what the network sees, and a bar for each class.
    """
    try:
        found = [image for image, note, _ in photos.prepare_several(picture) if not note]
        if len(found) < 2:
            found = [photos.prepare(picture)]
    except photos.NoDigit as error:
        return "Draw a digit, or several in a row" if str(error) == "blank" else f"No digit: {error}", ""
    images = np.stack(found)
    classes, probabilities, _ = network.predict(images)
    unsure = probabilities.max(axis=1) < UNSURE
    number = "".join(f"{name}{'?' * bool(doubt)}" for name, doubt in zip(classes, unsure, strict=True))
    return number, "".join(map(partial(figure, network.classes), images, probabilities))


def figure(classes: list[str], image: np.ndarray, probabilities: np.ndarray) -> str:
    """HTML of one digit as the network sees it, (28, 28) uint8, and a bar for the probability of each class."""
    file = BytesIO()
    Image.fromarray(image).save(file, "png")
    bars = "".join(
        f"<div class='bar'><span>{name}</span><i style='width: {round(60 * float(p))}px'></i><span>{p:.0%}</span></div>"
        for name, p in zip(classes, probabilities, strict=True)
    )
    return f"<figure><img src='data:image/png;base64,{b64encode(file.getvalue()).decode()}' alt=''>{bars}</figure>"


def read_url(network: Predictor, url: str) -> tuple[str, str]:
    """Read a picture that the browser sends as a data URL, `data:image/png;base64,…`; see `read`."""
    try:
        return read(network, photos.read(BytesIO(b64decode(url.partition(",")[2]))))
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
            html_template=PAGE,
            css_template=STYLE,
            js_on_load=SCRIPT,
            server_functions=[read],
            apply_default_css=False,
            elem_id="digits",
        )
    return blocks


def demo(ckpt_path: str | None = None, host: str = "127.0.0.1", port: int = 7860, browser: bool = True) -> None:
    """Draw digits in the browser, and see what a network sees and says.

    Args:
        ckpt_path: the checkpoint of the network, or pretrained; by default the newest best one of all runs, or the
            weights that come with the package where there are none.
        host: the address to listen on; 0.0.0.0 lets others in the network draw, too.
        port: the port to listen on.
        browser: open the page in the browser.

    Raises:
        InputError: Gradio is not installed, the checkpoint can't be read, or the port is taken.
    """
    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs Gradio: pip install 'digits[demo]'")
    source = ckpt_path or newest_of_all(Path(LOG_ROOT)) or "pretrained"
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
