"""Functions that run in a process of their own, which is ended when they take too long or nobody waits any more."""

import contextlib
import importlib
import multiprocessing
import queue
import signal
import time
from collections.abc import Callable
from http import HTTPStatus
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from digits.commands.page.guard import Refused

STARTING = 60  # seconds that a process has to import what it needs
RECYCLED = 1 << 30  # bytes; a process that once took more is replaced
CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy the server's threads in whatever state they are


def work(connection: Connection, module: str) -> None:
    """Import a module, say so, and run functions as they come, until there is nobody left to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    importlib.import_module(module)
    connection.send(None)
    while peak_memory() < RECYCLED:
        try:
            function, *args = connection.recv()
        except EOFError:
            return
        try:
            connection.send(function(*args))
        except MemoryError:
            connection.send(None)


def peak_memory() -> int:
    """The most memory that this process has taken, in bytes; 0 where the system does not say."""
    with contextlib.suppress(OSError):  # Linux: what `getrusage` says begins with the memory of the parent process
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Helper:
    """One process; it starts when it is first needed.

    Args:
        module: that it imports first.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self.process: Any = None
        self.is_ready = False

    def start(self) -> None:
        """Start the process, if it does not run."""
        if self.process is None or not self.process.is_alive():
            self.connection, child = CONTEXT.Pipe()
            process = CONTEXT.Process(target=work, args=(child, self.module), daemon=True)
            process.start()
            self.process, self.is_ready = process, False  # not before: Ctrl-C may end the start, and then there is none
            child.close()

    def end(self) -> None:
        """End the process, whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()
            self.process = None

    def call(self, seconds: float, is_gone: Callable[[], bool], function: Callable[..., Any], *args: Any) -> Any:
        """The function's result; see `Helpers.call`."""
        try:
            self.start()
            if not self.is_ready:
                self.receive(STARTING, is_gone)
                self.is_ready = True
            self.connection.send((function, *args))
            return self.receive(seconds, is_gone)
        except (EOFError, OSError):  # it was ended, as when memory runs out
            self.end()
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "this picture can't be read") from None
        except Refused:
            self.end()
            raise

    def receive(self, seconds: float, is_gone: Callable[[], bool]) -> Any:
        """What the process sends, if it does so in time and somebody waits for it."""
        deadline = time.monotonic() + seconds
        while not self.connection.poll(0.1):
            if is_gone():
                raise Refused(HTTPStatus.REQUEST_TIMEOUT, "the client left")
            if time.monotonic() > deadline:
                raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "this picture takes too long to read")
        return self.connection.recv()


class Helpers:
    """A few processes, each of which runs one function at a time.

    Args:
        number: of processes.
        module: that they import first.
    """

    def __init__(self, number: int, module: str) -> None:
        self.free: queue.LifoQueue[Helper] = queue.LifoQueue()
        self.all = [Helper(module) for _ in range(number)]
        for helper in self.all:
            self.free.put(helper)

    def call(self, seconds: float, is_gone: Callable[[], bool], function: Callable[..., Any], *args: Any) -> Any:
        """Run a function in one of the processes.

        Args:
            seconds: it may wait, and then take, that long.
            is_gone: whether nobody waits for the result any more.
            function: of a module.
            args: its arguments, which are pickled.

        Returns:
            What the function returns; None if there was not enough memory.

        Raises:
            Refused: it takes too long, its process came to an end, or nobody waits.
        """
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(queue.Empty):
                helper = self.free.get(timeout=0.1)
                break
            if is_gone() or time.monotonic() > deadline:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many pictures at once: try again")
        try:
            return helper.call(seconds, is_gone, function, *args)
        finally:
            self.free.put(helper)

    def start(self) -> None:
        """Start the first process before it is needed."""
        self.all[-1].start()

    def end(self) -> None:
        """End all processes."""
        for helper in self.all:
            helper.end()
