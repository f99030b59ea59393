"""What the page can ask for, and the answers."""

import sys
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from digits.commands.page.drawings import Drawings
from digits.commands.page.guard import Refused
from digits.commands.page.helper import Helpers
from digits.commands.page.inside import look_inside
from digits.commands.page.networks import Networks
from digits.commands.page.pictures import find_digits
from digits.commands.page.training import Training
from digits.pages.photo import SIDE
from digits.predictor import Predictor

SECONDS = 10  # that an answer may wait, and a picture may take
MOST_DIGITS = 256  # of one request


class Request(NamedTuple):
    """What a client sends.

    Args:
        query: the parameters in the address.
        body: the content.
        is_gone: whether the client has left.
    """

    query: dict[str, str]
    body: bytes
    is_gone: Callable[[], bool]


class App:
    """Answers requests; each answer is plain values, sent as JSON.

    Args:
        source: the network that answers at first; see `digits.predictor.load`.
        root: the folder of the runs.
        drawings: saves drawings.

    Raises:
        InputError: the network can't be loaded.
    """

    def __init__(self, source: str | Path, root: Path, drawings: Drawings | None = None) -> None:
        self.networks = Networks(source, root)
        self.drawings = drawings or Drawings()
        self.training = Training(
            [sys.executable, "-m", "digits", *self.drawings.arguments, "--trainer.default_root_dir", str(root.parent)]
        )
        self.helpers = Helpers(2, find_digits.__module__)
        # One thread, so that many clients at once take no more memory, and no cores from each other.
        self.thread = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self.get = {"/networks": self.list_networks, "/training": lambda request: self.training.report()}
        self.post = {
            "/images": self.read_images,
            "/picture": self.read_picture,
            "/inside": self.show_inside,
            "/save": self.save,
            "/forget": self.forget,
            "/train": self.train,
            "/stop": self.stop,
        }

    def end(self) -> None:
        """End the processes and the thread."""
        self.training.stop()
        self.helpers.end()
        self.thread.shutdown(cancel_futures=True)

    def compute(self, request: Request, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function of the chosen network, and of `args`, when it is its turn.

        Raises:
            Refused: its turn does not come in time, or the client has left.
        """

        def run() -> Any:
            return function(self.networks.get(request.query.get("network")), *args)

        future = self.thread.submit(run)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return future.result(timeout=0.2)
            except (NotYet, CancelledError):
                if request.is_gone() or time.monotonic() > deadline:
                    future.cancel()
                    raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too much to do: try again") from None

    def list_networks(self, request: Request) -> dict[str, Any]:
        """The names of the networks, the one that answers at first first; how many drawings there are."""
        names = self.compute(request, lambda first: self.networks.names())
        return {"networks": names, "drawings": self.drawings.count()}

    def read_images(self, request: Request) -> dict[str, Any]:
        """Read digits: any number of images in MNIST's form, 784 bytes each."""
        return self.compute(request, predict, images_of(request.body))

    def read_picture(self, request: Request) -> dict[str, Any]:
        """Read the file of a picture of one digit or several."""
        found = self.helpers.call(SECONDS, request.is_gone, find_digits, request.body)
        if found is None:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "this picture takes too much memory to read")
        if "error" in found:
            return found
        items = found["digits"][:MOST_DIGITS]
        images = b"".join(item["image"] for item in items if "image" in item)
        answer = self.compute(request, predict, images_of(images)) if images else {"digits": []}
        said = iter(answer["digits"])
        answer["more_pages"] = found["more_pages"]
        answer["digits"] = [
            item if "mark" in item else item | {"image": b64encode(item["image"]).decode()} | next(said)
            for item in items
        ]
        return answer

    def show_inside(self, request: Request) -> dict[str, Any]:
        """Show what happens inside the network for one image."""
        (image,) = images_of(request.body)[:1]
        maps, looked = self.compute(request, lambda network: look_inside(network.model, image))
        return {
            "maps": b64encode(maps.tobytes()).decode(),
            "shape": list(maps.shape),
            "looked": b64encode(looked.tobytes()).decode(),
        }

    def save(self, request: Request) -> dict[str, Any]:
        """Save a drawing of one digit under its label."""
        label = request.query.get("label", "")
        if label not in self.compute(request, lambda network: network.classes):
            raise Refused(HTTPStatus.BAD_REQUEST, "the network has no such class")
        name = self.drawings.save(label, request.body)
        return self.report() | {"saved": name}

    def forget(self, request: Request) -> dict[str, Any]:
        """Delete a drawing that was saved by mistake."""
        self.drawings.forget(request.query.get("name", ""))
        return self.report()

    def train(self, request: Request) -> dict[str, Any]:
        """Begin to train on the drawings."""
        self.training.start()
        return self.training.report()

    def stop(self, request: Request) -> dict[str, Any]:
        """Stop training."""
        self.training.stop()
        return self.training.report()

    def report(self) -> dict[str, Any]:
        """Where the drawings are, and what to do with them."""
        drawings = self.drawings
        return {"folder": f"{drawings.folder}/", "drawings": drawings.count(), "command": drawings.command}


def images_of(body: bytes) -> np.ndarray:
    """Images, (N, 28, 28) uint8, from their bytes.

    Raises:
        Refused: it is another number of bytes.
    """
    n, rest = divmod(len(body), SIDE * SIDE)
    if rest or not 0 < n <= MOST_DIGITS:
        raise Refused(HTTPStatus.BAD_REQUEST, f"images have 784 bytes each, and are at most {MOST_DIGITS}")
    return np.frombuffer(bytearray(body), np.uint8).reshape(n, SIDE, SIDE)


def predict(network: Predictor, images: np.ndarray) -> dict[str, Any]:
    """What a network says of images, (N, 28, 28) uint8: its classes, and each digit's probabilities and doubt."""
    classes, probabilities, notes = network.predict(images)
    digits = [
        {"name": name, "probabilities": [round(float(p), 5) for p in row], "note": note}
        for name, row, note in zip(classes, probabilities, notes, strict=True)
    ]
    return {"classes": network.classes, "digits": digits}
