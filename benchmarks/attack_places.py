"""More of what `benchmarks.attacks` tries: places to write to, processes that are killed, requests to the draw page."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from benchmarks.attack_cases import PRECIOUS, Case
from digits.__main__ import main as run_digits
from digits.commands.page.app import App
from digits.commands.page.drawings import Drawings
from digits.commands.page.server import PageServer
from tests.helpers import written

WRITE = ["predict", "x.png", "--output=out.csv"]


def save_seven() -> None:
    """Save a picture to read."""
    written("7").save("x.png")


def places() -> Iterator[Case]:
    """Outputs that are no plain files, or may not be written."""
    yield Case("output", "a link stays", link, WRITE, refused=False, check=link_is_kept)
    yield Case("output", "a pipe is written to", pipe, WRITE, refused=False, check=pipe_is_kept)
    yield Case(
        "output",
        "a device is left alone",
        lambda: device("/dev/null"),
        WRITE,
        refused=False,
        check=lambda: kept("/dev/null"),
    )
    yield Case("output", "a device that is full", lambda: device("/dev/full"), WRITE, refused=True)
    yield Case("output", "a folder", folder, WRITE, refused=True)
    yield Case("output", "a folder that is a file", save_seven, [*WRITE[:2], "--output=x.png/y.csv"], refused=True)
    long = "--output=" + "o" * 400
    yield Case("output", "a name that is too long", save_seven, [*WRITE[:2], long], refused=True)
    yield Case("output", "a link to itself", lambda: device("out.csv"), WRITE, True)
    again = ["predict", "--ckpt_path=pretrained", "--data=ImageDataModule", "--data.path=x.png"]
    again += ["--predictions.path=out.csv", "--trainer.accelerator=cpu"]
    yield Case("killed process", "predict", kill_predict, again, refused=False, check=nothing_hidden)


def link() -> None:
    """Make the output a link."""
    save_seven()
    Path("out.csv").symlink_to("real.csv")
    Path("real.csv").write_text("old")


def link_is_kept() -> str:
    """Whether the link is one, and what it leads to was replaced."""
    held = Path("out.csv").is_symlink() and Path("real.csv").read_text() != "old"
    return "" if held else "the link was replaced"


def pipe() -> None:
    """Make the output a pipe, which somebody reads."""
    save_seven()
    os.mkfifo("out.csv")
    threading.Thread(target=lambda: Path("out.csv").read_bytes(), daemon=True).start()


def pipe_is_kept() -> str:
    """Whether the pipe is one."""
    return "" if Path("out.csv").is_fifo() else "the pipe was replaced"


def device(name: str) -> None:
    """Make the output a link to a device, or to itself."""
    save_seven()
    Path("out.csv").symlink_to(name)


def folder() -> None:
    """Make the output a folder."""
    save_seven()
    Path("out.csv").mkdir()


def kept(name: str) -> str:
    """Whether a device is one."""
    return "" if Path(name).is_char_device() else "the device was replaced"


def kill_predict() -> None:
    """Kill a prediction while it writes."""
    save_seven()
    if (child := os.fork()) == 0:
        run_digits(["predict", "--ckpt_path=pretrained", "--predictions.path=out.csv", "--trainer.accelerator=cpu"])
        os._exit(0)
    end = time.monotonic() + 60
    while time.monotonic() < end and not list(Path().glob(".out.csv*")):
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not list(Path().glob(".out.csv*")):
        raise AssertionError("the prediction was over before it was killed")


def nothing_hidden() -> str:
    """Whether the next prediction has cleared what the killed one left."""
    left = [path.name for path in Path().glob(".out.csv*")]
    return f"left {left}" if left or not Path("out.csv").is_file() else ""


def requests() -> Iterator[Case]:
    """Requests to the draw page, each of which is to be refused while the page goes on to answer."""
    image = b"\0" * 784
    own = "Host: {host}\r\nContent-Length: 784"
    asked: dict[str, tuple[str, bytes]] = {
        "a foreign host": ("POST /images HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 784", image),
        "no host": ("POST /images HTTP/1.1\r\nContent-Length: 784", image),
        "a foreign origin": (f"POST /images HTTP/1.1\r\n{own}\r\nOrigin: http://evil.example", image),
        "the origin null": (f"POST /images HTTP/1.1\r\n{own}\r\nOrigin: null", image),
        "another site": (f"POST /images HTTP/1.1\r\n{own}\r\nSec-Fetch-Site: cross-site", image),
        "another port": (f"POST /images HTTP/1.1\r\n{own}\r\nOrigin: http://127.0.0.1:1", image),
        "500 MB": ("POST /picture HTTP/1.1\r\nHost: {host}\r\nContent-Length: 500000000", image),
        "a length below 0": ("POST /images HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1", image),
        "no length": ("POST /images HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked", b"310\r\n" + image),
        "half an image": ("POST /images HTTP/1.1\r\nHost: {host}\r\nContent-Length: 300", image[:300]),
        "a path above": ("GET /../server.py HTTP/1.1\r\nHost: {host}", b""),
        "a path above, encoded": ("GET /%2e%2e/server.py HTTP/1.1\r\nHost: {host}", b""),
        "a label that is a path": (f"POST /save?label=..%2F..%2Fx HTTP/1.1\r\n{own}", image),
        "a drawing that is a path": (f"POST /forget?name=..%2Fprecious%2Ffile HTTP/1.1\r\n{own}", image),
        "a network that is a path": (f"POST /images?network=%2Fetc%2Fpasswd HTTP/1.1\r\n{own}", image),
        "another method": ("DELETE /images HTTP/1.1\r\nHost: {host}", b""),
        "an endless header": ("GET / HTTP/1.1\r\nHost: {host}\r\nX: " + "a" * 200_000, b""),
        "no HTTP": ("\x16\x03\x01\x02\x00", b""),
    }
    for name, (head, body) in asked.items():
        yield Case("request to the draw page", name, lambda: None, [], check=partial(page_refuses, head, body))


def page_refuses(head: str, body: bytes) -> str:
    """Serve the page, send a request, and see that it is refused and that the page still answers."""
    torch.set_num_threads(1)
    app = App("pretrained", Path("lightning_logs"), Drawings(Path("my_digits")))
    with PageServer(app, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ask: Callable[[bytes], bytes] = partial(send, server.port)
        host = f"127.0.0.1:{server.port}"
        answer = ask(head.replace("{host}", host).encode("latin-1") + b"\r\n\r\n" + body)
        page = ask(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        server.shutdown()
    app.end()
    status = answer.split(b" ")[1:2] if answer.startswith(b"HTTP") else []
    if not page.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200")):
        return "the page no longer answers"
    if status and not status[0].startswith((b"4", b"5")):
        return f"was answered with {status[0].decode()}"
    if b"Access-Control" in answer or Path("my_digits").exists() or not (PRECIOUS / "file").exists():
        return "let a stranger in"
    return ""


def send(port: int, content: bytes) -> bytes:
    """Send bytes, and return what is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.settimeout(20)
        try:
            connection.sendall(content)
            return (
                b"".join(iter(partial(connection.recv, 1 << 16), b""))
                if b"close" in content
                else connection.recv(1 << 16)
            )
        except (ConnectionError, TimeoutError):
            return b""
