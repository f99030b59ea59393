"""How `digits demo` begins and ends."""

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from digits.__main__ import main
from digits.commands.page.helper import Helpers
from digits.commands.page.server import PageServer
from digits.runs import PRETRAINED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_the_server_ends_when_it_is_told_to_or_its_terminal_is_closed(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "digits", "demo", "--ckpt_path=pretrained", "--browser=false", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        assert server.stdout is not None
        assert [server.stdout.readline().split()[0] for _ in range(2)] == ["Checkpoint:", "Open"]
        server.send_signal(getattr(signal, name))
        assert server.wait(60) == 128 + getattr(signal, name)  # having ended what it has started


def test_what_is_said_at_the_start_is_not_broken_by_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Helpers, "start", lambda self: None)
    monkeypatch.setattr(PageServer, "serve_forever", lambda self: None)
    for name, error in {"version_0": "0.01", "version_1": "0.02"}.items():
        run = Path("lightning_logs/large_cnn_of_ours", name)
        (run / "checkpoints").mkdir(parents=True)
        shutil.copy(PRETRAINED, run / "checkpoints/best.ckpt")
        (run / "metrics.csv").write_text(f"epoch,val/error\n1,{error}\n")
    main(["demo", "--browser=false", "--port=0", "--host=0.0.0.0"])
    out = capsys.readouterr().out
    assert all(words in out for words in ("Your newest run answers", "version_0 validated better", "Everyone who"))
    assert max(map(len, out.splitlines())) <= 80


def test_a_checkpoint_or_port_that_cannot_be_used_is_one_line() -> None:
    with pytest.raises(SystemExit, match=r"error: .*absent\.ckpt: there is no such file"):
        main(["demo", "--ckpt_path=absent.ckpt"])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"error: --port {port} is in use: give another"):
            main(["demo", "--ckpt_path=pretrained", "--browser=false", f"--port={port}"])
