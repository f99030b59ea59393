"""The web server of the page: bounded in what it reads, in how long it waits and in how many it serves at once."""

import contextlib
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from digits.commands.page.app import App, Request
from digits.commands.page.guard import Refused, check_source

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILES = {f"/{path.name}": path for path in STATIC.iterdir() if path.suffix in TYPES}

CLIENTS = 128  # connections at once
LARGEST = 20 << 20  # bytes of a body
SMALL = 256 << 10  # bytes of a body up to which any number is read at once
SILENT, LASTING = 10, 45  # seconds that a connection may be silent, and may last

HEADERS = {
    # Nothing comes from elsewhere, no text becomes a script, no other page shows this one within itself.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PageServer(ThreadingHTTPServer):
    """Serves the page.

    Args:
        app: answers what the page asks for.
        host: the address to listen on.
        port: the port; 0 for any that is free.

    Raises:
        OSError: the port is taken, or the address is not this computer's.
    """

    daemon_threads = True
    request_queue_size = CLIENTS
    allow_reuse_port = False  # a second server would share the first one's requests

    def __init__(self, app: App, host: str, port: int) -> None:
        self.app, self.host = app, host
        self.slots = threading.BoundedSemaphore(CLIENTS)
        self.large_bodies = threading.BoundedSemaphore(4)
        self.since: dict[socket.socket, float] = {}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer asks for the host's full name, which may take seconds

    @property
    def port(self) -> int:
        """The port, also where any was asked for."""
        return int(self.socket.getsockname()[1])

    @property
    def url(self) -> str:
        """The address for a browser on this computer."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def shared_url(self) -> str:
        """The address for other computers."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
            route.connect(("192.0.2.1", 9))  # nothing is sent; it only tells by which address this computer is reached
            return f"http://{route.getsockname()[0]}:{self.port}/"
        return f"http://{socket.gethostname()}:{self.port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self.slots.acquire(blocking=False):
            self.shutdown_request(request)  # the browser says that the page can't be reached
            return
        self.since[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.since.pop(request, None)
            self.slots.release()

    def service_actions(self) -> None:
        """Called twice a second: end the connections that last too long."""
        for connection, start in [*self.since.items()]:
            if time.monotonic() - start > LASTING:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave or fall silent."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: PageServer
    server_version, sys_version = "digits", ""
    timeout = SILENT

    def do_GET(self) -> None:
        self.answer(self.server.app.get, 0)

    def do_POST(self) -> None:
        self.answer(self.server.app.post, LARGEST)

    def answer(self, routes: Mapping[str, Callable[[Request], Any]], largest: int) -> None:
        """Answer with a file, what the app says, or why not."""
        try:
            check_source(self.headers, self.server.host)
            url = urlsplit(self.path)
            if largest == 0 and (file := FILES.get("/page.html" if url.path == "/" else url.path)) is not None:
                self.send(HTTPStatus.OK, TYPES[file.suffix], file.read_bytes())
                return
            route = routes.get(url.path)
            if route is None:
                raise Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address")
            query = dict(parse_qsl(url.query, max_num_fields=10))
            self.send_json(HTTPStatus.OK, route(Request(query, self.read_body(largest), self.is_gone)))
        except Refused as refusal:
            self.send_json(refusal.status, {"error": str(refusal)})
        except ValueError:  # an address that is none
            self.send_json(HTTPStatus.BAD_REQUEST, {"error": "this address can't be read"})

    def read_body(self, largest: int) -> bytes:
        """The content of the request.

        Raises:
            Refused: it is too large, or does not come.
        """
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "the length must be given")
        if len(length) > 12 or int(length) > largest:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {largest >> 20} MB")
        if int(length) <= SMALL:
            return self.read_exactly(int(length))
        if not self.server.large_bodies.acquire(timeout=SILENT):
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many pictures at once: try again")
        try:
            return self.read_exactly(int(length))
        finally:
            self.server.large_bodies.release()

    def read_exactly(self, length: int) -> bytes:
        """As many bytes of the content."""
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT, "the client left")
        return body

    def is_gone(self) -> bool:
        """Whether the client has closed the connection."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def send_json(self, status: HTTPStatus, answer: Any) -> None:
        """Send plain values."""
        self.send(status, "application/json", json.dumps(answer).encode())

    def send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        """Send an answer, and close the connection."""
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request of HTTP, or has another method; called by the base class."""
        self.close_connection = True
        self.send_json(HTTPStatus(code), {"error": HTTPStatus(code).phrase})

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""
