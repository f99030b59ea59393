"""The page of `digits demo` in headless Chromium."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("demo")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with chromium() as browser:
        options = ("--ckpt_path=pretrained", "--browser=false", f"--port={port}")
        command = [sys.executable, "-m", "digits", "demo", *options]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        assert server.stdout is not None
        assert server.stdout.readline() == "Checkpoint: pretrained\n"
        url = server.stdout.readline().split()[1]
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)  # a phone
        tab = context.new_page()
        tab.folder, tab.asked, tab.errors = folder, [], []
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.on("console", lambda message: tab.errors.append(message.text) if message.type == "error" else None)
        tab.goto(url)
        tab.wait_for_selector("#paper")
        yield tab
    server.send_signal(signal.SIGINT)
    assert server.wait(60) == 0
    server.stdout.close()
