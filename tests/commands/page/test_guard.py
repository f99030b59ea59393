from email.message import Message

import pytest

from digits.commands.page.guard import Refused, check_source, is_own_host


@pytest.mark.parametrize("header", ["localhost", "LOCALHOST:7860", "127.0.0.1:7860", "[::1]:9000"])
def test_this_computer_has_these_names(header: str) -> None:
    assert is_own_host(header, "127.0.0.1")
    assert is_own_host(header, "0.0.0.0")


@pytest.mark.parametrize(
    "header", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:7860", "", "[::1"]
)
def test_no_other_name_is_answered(header: str) -> None:
    assert not is_own_host(header, "127.0.0.1")
    assert not is_own_host(header, "0.0.0.0")


def test_a_shared_page_is_answered_at_any_address_in_numbers() -> None:
    assert is_own_host("192.168.1.20:7860", "0.0.0.0")
    assert not is_own_host("192.168.1.20:7860", "127.0.0.1")


def is_refused(**headers: str) -> bool:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    try:
        check_source(message, "127.0.0.1")
    except Refused:
        return True
    return False


def test_other_sites_are_refused() -> None:
    host = "localhost:7860"
    assert is_refused()
    assert not is_refused(Host=host)  # a program
    assert not is_refused(Host=host, Origin="http://localhost:7860", Sec_Fetch_Site="same-origin")
    for origin in ("http://evil.example", "null", "http://localhost:8000", "http://127.0.0.1:7860", ""):
        assert is_refused(Host=host, Origin=origin)
    assert is_refused(Host=host, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")
    assert not is_refused(Host=host, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")  # a link
