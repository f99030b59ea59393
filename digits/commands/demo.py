"""`digits demo`: draw digits in the browser, and see what a network sees and says.

torch and the rest are imported when there is a page to show.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from digits.commands.parser import CommandParser
from digits.errors import InputError


def command_parser() -> CommandParser:
    """The options of `digits demo`."""
    parser = CommandParser("demo")
    parser.add_function_arguments(demo)
    return parser


def main(args: Sequence[str]) -> None:
    """Run `digits demo` with these arguments."""
    demo(**command_parser().parse_args(args))


def demo(ckpt_path: str | None = None, host: str = "127.0.0.1", port: int = 7860, browser: bool = True) -> None:
    """Draw digits in the browser, and see what a network sees and says.

    Args:
        ckpt_path: the checkpoint of the network, or pretrained; by default the newest best one of all runs of this
            package's networks, or the weights that come with the package where there are none.
        host: the address to listen on; 0.0.0.0 lets others in the network draw, too.
        port: the port to listen on.
        browser: open the page in the browser.

    Raises:
        InputError: Gradio is not installed, the checkpoint can't be read, or the port is taken.
    """
    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs Gradio: pip install 'digits[demo]'")
    from digits.commands.page import page
    from digits.predictor import load
    from digits.runs import LOG_ROOT

    source = ckpt_path or newest(Path(LOG_ROOT))
    blocks = page(load(source))
    import gradio as gr  # not for a checkpoint that can't be read

    system = ["system-ui", "sans-serif"]  # Gradio's own come from another site
    try:
        _, url, _ = blocks.launch(
            server_name=host,
            server_port=port,
            inbrowser=browser,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            ssr_mode=False,
            footer_links=[],
            theme=gr.themes.Default(font=system, font_mono=["monospace"]),
        )
    except OSError as error:
        raise InputError(f"--port {port}: {error}") from None
    print(f"Checkpoint: {source}\nOpen {url} (Ctrl-C ends)", flush=True)
    blocks.block_thread()


def newest(root: Path) -> Path | str:
    """The newest best checkpoint of this package's networks in `root`, or "pretrained"."""
    from digits.checkpoint import Checkpoint
    from digits.runs import best_of_all

    return next((path for path in best_of_all(root) if Checkpoint.read(path).is_builtin), "pretrained")
