"""Whom the page answers: requests that are addressed to it, and come from it."""

import socket
from email.message import Message
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Refused(Exception):
    """A request is refused; the message says why.

    Args:
        status: of the answer.
        message: for the client.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def check_source(headers: Message, host: str) -> None:
    """Refuse what other sites let a browser send.

    Where a name of another site leads to this address (DNS rebinding), the header Host has that name; where a page of
    another site sends something here, Origin or Sec-Fetch-Site say so. Programs other than browsers send neither.

    Args:
        headers: of the request.
        host: the address that the server listens on.

    Raises:
        Refused: the request is addressed to another host, or comes from another site.
    """
    hosts = headers.get_all("Host", [])
    if len(hosts) != 1 or not is_own_host(hosts[0], host):
        raise Refused(HTTPStatus.FORBIDDEN, "this page has another address")
    own = {f"{scheme}://{hosts[0].lower()}" for scheme in ("http", "https")}
    foreign = any(origin.lower() not in own for origin in headers.get_all("Origin", []))
    linked = headers.get("Sec-Fetch-Mode") == "navigate" and "Origin" not in headers
    if foreign or (headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and not linked):
        raise Refused(HTTPStatus.FORBIDDEN, "other sites may not use this page")


def is_own_host(header: str, host: str) -> bool:
    """Whether a header Host names this server; any port will do, as it may be forwarded.

    Args:
        header: such as localhost:7860.
        host: the address that the server listens on.
    """
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    if name in (*LOOPBACK, host.lower()):
        return True
    if host in LOOPBACK:
        return False
    try:
        return bool(ip_address(name))  # no site's name
    except ValueError:
        own = socket.gethostname().lower()
        return name in (own, f"{own.partition('.')[0]}.local")
