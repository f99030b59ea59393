"""Networks of one's own, where pictures are read: their modules are imported if they are named, and only then."""

import socket
import sys
from pathlib import Path

import pytest

from digits.__main__ import main
from digits.commands.demo import newest
from digits.commands.page.networks import Networks
from digits.custom_networks import import_networks
from digits.errors import InputError
from tests.helpers import Digits, written

OWN = """
from digits.models import MLP


class Net(MLP):
    pass


class Other:
    pass
"""
RUNS = Path("lightning_logs")
CHECKPOINT = "--ckpt_path=lightning_logs/Net"


@pytest.fixture
def own(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of a network of one's own, and a picture, as the next process finds them."""
    monkeypatch.setattr(sys, "path", [str(Path.cwd()), *sys.path])
    Path("own_module.py").write_text(OWN)
    Path("my_digits/7").mkdir(parents=True)
    written("7").save("my_digits/7/a.png")
    digits("fit", "--model=own_module.Net", "--model.hidden=[8]", "--trainer.max_epochs=1", "--trainer.logger=false")
    monkeypatch.delitem(sys.modules, "own_module")
    sys.path.pop(0)


def refused(*args: str) -> str:
    with pytest.raises(SystemExit) as info:
        main([*args])
    return str(info.value.code)


@pytest.mark.parametrize("command", [("predict", "my_digits/7/a.png"), ("check", "my_digits")])
def test_pictures_are_read_by_a_network_that_is_named(
    own: None, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    message = refused(*command, CHECKPOINT)
    assert "best.ckpt holds a own_module.Net, not one of" in message
    assert "by --networks own_module.Net" in message
    assert "own_module" not in sys.modules
    assert "own_module.Other is no network" in refused(*command, CHECKPOINT, "--networks=[own_module.Other]")
    main([*command, CHECKPOINT, "--networks", "own_module.Net"])
    assert "a.png" in capsys.readouterr().out


def test_the_page_has_networks_that_are_named(own: None) -> None:
    assert newest(RUNS) == "pretrained"
    assert "Net/version_0" not in Networks("pretrained", RUNS).names()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ("--browser=false", f"--port={taken.getsockname()[1]}")
        assert "own_module.Net, not one of" in refused("demo", CHECKPOINT, *options)
        assert "is in use" in refused("demo", CHECKPOINT, "--networks=own_module.Net", *options)
    assert newest(RUNS) == RUNS / "Net/version_0/checkpoints/best.ckpt"
    assert "Net/version_0" in Networks("pretrained", RUNS).names()


def test_what_is_no_network_is_named() -> None:
    for wrong, reason in {
        "pathlib.Path": "is no network",
        "pathlib.Pth": "is no network",
        "Net": "names no module",
    }.items():
        with pytest.raises(InputError, match=f"networks: {wrong} {reason}"):
            import_networks(wrong)
    with pytest.raises(ModuleNotFoundError):
        import_networks(["nowhere.Net"])
