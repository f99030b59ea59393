"""The page that `digits export --format web` writes, on MNIST's test images in a headless Chromium.

python -m benchmarks.web --ckpt_path pretrained
"""

import statistics
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import make_parser, report
from digits import load
from digits.commands.web import write_web
from digits.data import MNISTDataModule
from tests.browser import BROWSER, chromium

PREDICT = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), answers = [], times = [];
  for (let i = 0; i < bytes.length; i += 784) {
    const start = performance.now();
    answers.push((await predict(bytes.subarray(i, i + 784))).probabilities);
    times.push(performance.now() - start);
  }
  return [answers, times];
}"""


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--ckpt_path", default="pretrained", help="the checkpoint to export")
    parser.add_argument("--images", type=int, default=10_000, help="how many of the test images")
    args = parser.parse_args()
    if BROWSER is None:
        raise SystemExit("there is no Chromium")
    predictor = load(args.ckpt_path)
    data = MNISTDataModule()
    data.setup("predict")
    images = data.predict.images.numpy()[: args.images]
    expected = predictor.predict(images).probabilities
    answers, times = [], []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder, "page.html")
        write_web(predictor.model, path, {"network": type(predictor.model).__name__, "source": args.ckpt_path})
        page = browser.new_page()
        page.goto(path.as_uri())
        for batch in np.array_split(images, max(len(images) // 100, 1)):
            said, taken = page.evaluate(PREDICT, b64encode(batch.tobytes()).decode())
            answers += said
            times += taken
        megabytes = path.stat().st_size / 1e6
    found = np.array(answers)
    figures: dict[str, Any] = {
        "network": type(predictor.model).__name__,
        "megabytes": round(megabytes, 2),
        "images": len(images),
        "images of the same class": int((found.argmax(1) == expected.argmax(1)).sum()),
        "largest difference of a probability": float(f"{np.abs(found - expected).max():.1g}"),
        "milliseconds an image": round(statistics.median(times), 1),
        "milliseconds an image, at best": round(min(times), 1),
    }
    report("web", figures, args.record)


if __name__ == "__main__":
    main()
