"""Signals that end a command."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
USUAL = (signal.SIG_DFL, signal.default_int_handler)  # neither set by somebody else nor, as by nohup, ignored


@contextlib.contextmanager
def ending_on_signals(interrupts: list[int]) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command by an exception, which leaves nothing half-made, and list each Ctrl-C.

    After SIGTERM, Lightning lets every command but `fit` run to its end. After Ctrl-C, it ends with status 1, and a
    library that is being imported may catch Ctrl-C, and then fail because a part of it is missing.

    Args:
        interrupts: gets an item for each Ctrl-C.

    Raises:
        SystemExit: with the status of the signal.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING)}
        before = {number: handler for number, handler in before.items() if handler in USUAL}
    for number in before:
        signal.signal(number, end if number in ENDING else interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
