"""`digits demo`: draw digits in the browser, and see what a network sees and says.

torch and the rest are imported when there is a page to show.
"""

import contextlib
import errno
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digits.commands.parser import CommandParser
from digits.console import fill, say
from digits.errors import InputError
from digits.runs import LOG_ROOT, SHIPPED, best_of_all, tell_of_better

if TYPE_CHECKING:
    from digits.commands.page.app import App
    from digits.commands.page.server import PageServer

FOR_ALL = "have pictures read, save drawings into my_digits/, and train"


def command_parser() -> CommandParser:
    """The options of `digits demo`."""
    parser = CommandParser("demo")
    parser.add_function_arguments(demo)
    return parser


def main(args: Sequence[str]) -> None:
    """Run `digits demo` with these arguments."""
    demo(**command_parser().parse_args(args))


def demo(
    ckpt_path: str | None = None,
    networks: list[str] | str | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    browser: bool = True,
) -> None:
    """Serve the page to draw digits on.

    Args:
        ckpt_path: the checkpoint of the network, or pretrained; by default the newest best one of all runs, or the
            weights that come with the package where there are none.
        networks: classes of your own that the page may use, such as mine.Net; a checkpoint imports none.
        host: the address to listen on; 0.0.0.0 lets others in the network draw, too.
        port: the port to listen on.
        browser: open the page in the browser.

    Raises:
        InputError: the checkpoint can't be read, there is no such network, or the port is taken.
    """
    from digits.commands.page.app import App
    from digits.commands.page.guard import LOOPBACK
    from digits.custom_networks import import_networks

    import_networks(networks)
    if not 0 <= port <= 65535:
        raise InputError(f"--port {port}: a port is a number from 1 to 65535")
    source = newest(Path(LOG_ROOT)) if ckpt_path is None else ckpt_path
    app = App(source, Path(LOG_ROOT))
    try:
        with contextlib.suppress(KeyboardInterrupt), make_server(app, host, port) as server:
            print(f"Checkpoint: {source}")
            if ckpt_path is None and source != SHIPPED:
                instead = "for the package's own network use the page's menu, or --ckpt_path pretrained"
                say(fill(f"Your newest run answers; {instead}"))
            tell_of_better(str(source.parents[2] if isinstance(source, Path) else source))
            if host not in LOOPBACK:
                address = f", at {server.shared_url}" if host in ("0.0.0.0", "::") else ""
                say(fill(f"Everyone who reaches this computer can draw, {FOR_ALL}{address}"))
            print(f"Open {server.url} (Ctrl-C ends)", flush=True)
            app.helpers.start()
            if browser:
                threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
            server.serve_forever()
    finally:
        app.end()


def make_server(app: "App", host: str, port: int) -> "PageServer":
    """A server that listens on an address.

    Raises:
        InputError: it can't.
    """
    from digits.commands.page.server import PageServer

    try:
        return PageServer(app, host, port)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise InputError(f"--port {port} is in use: give another, such as --port {port + 1}") from None
        raise InputError(f"--host {host} --port {port}: {getattr(error, 'strerror', None) or error}") from None


def newest(root: Path) -> Path | str:
    """The newest best checkpoint in `root` whose network can be loaded, or "pretrained"."""
    from digits.commands.page.networks import is_loadable

    return next((path for path in best_of_all(root) if is_loadable(path)), SHIPPED)
