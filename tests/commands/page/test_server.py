"""The page is asked over HTTP, as a browser and as an attacker would."""

import http.client
import json
import socket
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digits import load
from digits.classifier import TrainedOn
from digits.commands.page import app as app_module
from digits.commands.page import networks
from digits.commands.page.app import App
from digits.commands.page.drawings import Drawings
from digits.commands.page.inside import look_inside
from digits.commands.page.networks import Networks
from digits.commands.page.pictures import find_digits
from digits.commands.page.server import PageServer
from digits.commands.page.training import Training
from digits.models import SmallCNN
from tests.helpers import Digits, prepare, written


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("page")
    app = App("pretrained", folder / "lightning_logs", Drawings(folder / "my_digits"))
    with PageServer(app, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()
    app.end()


def ask(
    server: PageServer, address: str, body: bytes | None = None, method: str | None = None, **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    method = method or ("GET" if body is None else "POST")
    connection.request(method, address, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    is_json = "json" in response.headers["Content-Type"]
    return response.status, json.loads(content) if is_json else content, response.headers


def seven() -> bytes:
    return prepare(written("7")).tobytes()


def test_the_page_and_its_files_come_with_a_policy(server: PageServer) -> None:
    status, page, headers = ask(server, "/")
    assert status == 200
    assert b"<title>Draw a digit</title>" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in headers if name.lower().startswith("access-control")]
    for name in ("style.css", "strokes.js", "paper.js", "page.js", "server.js"):
        assert name.encode() in page
        assert ask(server, f"/{name}")[0] == 200
    for absent in ("/../app.py", "/app.py", "/static/page.html", "/%2e%2e/app.py", "/images", "//evil.example/", "/x"):
        assert ask(server, absent)[0] == 404


def test_images_are_read_as_the_network_reads_them(server: PageServer) -> None:
    image = prepare(written("7"))
    status, answer, _ = ask(server, "/images", image.tobytes() * 2, Origin=f"http://{server.url.split('/')[2]}")
    assert status == 200
    assert [digit["name"] for digit in answer["digits"]] == ["7", "7"]
    expected = load("pretrained").predict(image)
    np.testing.assert_allclose(answer["digits"][1]["probabilities"], expected.probabilities[0], atol=1e-4)
    assert answer["digits"][0]["note"] == expected.notes[0]
    for wrong in (b"", b"x" * 783, bytes(784 * 300)):
        assert ask(server, "/images", wrong)[0] == 400


def test_pictures_are_read_and_broken_ones_are_named(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(seconds: float, is_gone: Any, function: Any, *args: Any) -> Any:
        return function(*args)  # starting a process takes seconds

    monkeypatch.setattr(server.app.helpers, "call", here)
    file = BytesIO()
    written("7").save(file, "png")
    status, answer, _ = ask(server, "/picture", file.getvalue())
    assert status == 200
    assert [(digit["name"], digit["line"]) for digit in answer["digits"]] == [("7", 0)]
    assert len(b64decode(answer["digits"][0]["image"])) == 784
    assert not answer["more_pages"]
    file = BytesIO()
    written("7").save(file, "tiff", save_all=True, append_images=[written("1")])
    assert ask(server, "/picture", file.getvalue())[1]["more_pages"]
    assert ask(server, "/picture", b"no picture")[1]["error"].startswith("this file can't be read: not a picture")
    file = BytesIO()
    Image.new("L", (200, 100), "white").save(file, "png")
    assert find_digits(file.getvalue()) == {"error": "the picture is blank"}


def test_the_inside_has_the_form_of_the_first_layer(server: PageServer) -> None:
    status, inside, _ = ask(server, "/inside", seven())
    assert status == 200
    count, height, width = inside["shape"]
    assert min(count, height, width) > 4
    assert len(b64decode(inside["maps"])) == count * height * width
    looked = np.frombuffer(b64decode(inside["looked"]), np.uint8)
    assert looked.size == 784
    assert looked.max() == 255


def test_maps_that_are_flattened_before_the_relu_are_maps() -> None:
    network = SmallCNN().eval()
    network.trained_on = TrainedOn(0.13, 0.31, tuple("0123456789"))
    maps, _ = look_inside(network, prepare(written("7")))
    assert maps.shape == (32, 12, 12)


def test_drawings_are_saved_under_their_label_alone(server: PageServer) -> None:
    folder = server.app.drawings.folder
    status, answer, _ = ask(server, "/save?label=7", bytes(280 * 280))
    assert status == 200
    assert answer["drawings"] == 1
    assert answer["command"].startswith("digits fit --init_from pretrained --data ImageDataModule --data.path ")
    with Image.open(folder / answer["saved"]) as saved:
        assert saved.size == (280, 280)
    assert (folder / answer["saved"]).parent.name == "7"
    for label in ("../7", "..", "/tmp", "", "7/..", "eight", "10"):
        assert ask(server, f"/save?label={label}", bytes(784))[0] == 400
    assert ask(server, "/save?label=7", bytes(785))[0] == 400
    for name in ("../../x", "7/other.png"):
        assert ask(server, f"/forget?name={name}", b"")[0] == 404
    assert ask(server, f"/forget?name={answer['saved']}", b"")[1]["drawings"] == 0
    assert ask(server, f"/forget?name={answer['saved']}", b"")[0] == 404
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_drawing_has_one_label_the_last(server: PageServer) -> None:
    folder = server.app.drawings.folder
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda _: ask(server, "/save?label=7", seven())[1], range(4))
        saved = {answer["saved"] for answer in answers}
    assert len(saved) == 1
    moved = ask(server, "/save?label=1", seven())[1]
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.png")] == [moved["saved"]]
    assert moved["saved"].startswith("1/")
    (folder / moved["saved"]).unlink()  # by hand
    assert ask(server, "/save?label=1", seven())[1]["drawings"] == 1
    (again,) = folder.rglob("*.png")
    assert ask(server, f"/forget?name={again.relative_to(folder).as_posix()}", b"")[1]["drawings"] == 0


@pytest.mark.parametrize("label", ["../evil", "T-shirt", "a"])
def test_only_digits_are_saved_since_only_they_are_trained_on(
    server: PageServer, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    monkeypatch.setattr(server.app.networks.get(None), "classes", [label])  # from a stranger's checkpoint
    assert "saved of digits from 0 to 9" in ask(server, f"/save?label={label}", bytes(784))[1]["error"]


def test_other_sites_methods_and_lengths_are_refused(server: PageServer) -> None:
    assert ask(server, "/", Host="evil.example")[0] == 403
    assert ask(server, "/images", seven(), Origin="http://evil.example")[0] == 403
    assert ask(server, "/images", method="PUT")[0] == 501
    assert ask(server, "/images", method="OPTIONS", Origin="http://evil.example")[0] == 501
    assert ask(server, "/images?network=/etc/passwd", seven())[0] == 404
    assert ask(server, "/images", method="POST", Content_Length="-1")[0] == 411
    assert ask(server, "/picture", method="POST", Content_Length=str(21 << 20))[0] == 413
    assert ask(server, "/picture", method="POST", Content_Length="9" * 5000)[0] == 413
    assert ask(server, "/images", method="POST", Transfer_Encoding="chunked", Content_Length="784")[0] == 411


def test_clients_that_left_or_wait_in_vain_keep_no_place(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "SECONDS", 0.1)
    open_gate = threading.Event()
    server.app.thread.submit(open_gate.wait, 30)
    left = socket.create_connection((server.host, server.port))
    left.sendall(b"POST /images HTTP/1.0\r\nHost: localhost\r\nContent-Length: 784\r\n\r\n" + seven())
    left.close()
    status, answer, _ = ask(server, "/images", seven())
    assert (status, answer["error"]) == (503, "too much to do: try again")
    open_gate.set()
    monkeypatch.undo()
    assert ask(server, "/images", seven())[0] == 200


def test_a_hundred_clients_at_once_are_served(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "SECONDS", 60)  # on a busy machine
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: ask(server, "/images", seven()), range(100)))
    assert {(status, answer["digits"][0]["name"]) for status, answer, _ in answers} == {(200, "7")}


def test_runs_are_in_the_menu_by_name(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        digits(
            "fit", "--model=MLP", "--model.hidden=[8]", f"--name={name}", "--trainer.max_epochs=1", "--pictures=false"
        )
    root = Path("lightning_logs")
    menu = Networks("pretrained", root)
    assert menu.names() == ["pretrained", "b/version_0", "a/version_0"]
    assert menu.get("a/version_0").model.layers[1].out_features == 8
    (root / "b/version_0/checkpoints/best.ckpt").write_bytes(b"damaged")
    assert Networks("lightning_logs/a", root).names() == ["a/version_0", "pretrained"]
    monkeypatch.setattr(networks, "KEPT", 1)
    assert menu.get("a/version_0") is menu.get("a/version_0")
    assert len(menu.loaded) <= 2


def test_the_page_asks_how_far_a_training_is_and_ends_it(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import time; print('Before: 1 of 2', flush=True); time.sleep(600)"
    monkeypatch.setattr(server.app, "training", Training([sys.executable, "-c", code]))
    assert ask(server, "/training")[1]["running"] is False
    assert ask(server, "/train", b"", Origin="http://elsewhere.example")[0] == 403
    assert ask(server, "/training")[1]["running"] is False
    assert ask(server, "/train", b"")[1]["running"] is True
    assert ask(server, "/train", b"")[0] == 409
    assert ask(server, "/stop", b"")[1]["running"] is False
