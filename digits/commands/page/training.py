"""Training on the drawings from the page: one run at a time, in a process of its own."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from digits.commands.page.guard import Refused

PATIENCE = 10  # seconds in which a run that is stopped saves what it has
# How much of the time has passed when a line begins like this, from 0 to 1; the folds share the rest.
STAGES = {"Own images": 0.1, "Before": 0.15, "Epoch": 0.35, "After": 1.0}
FOLD = re.compile(r"Fold (\d+) of (\d+)")


class Training:
    """Runs a command that trains, and follows what it prints.

    Args:
        command: a program and its arguments, such as those of `digits fit`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.process: subprocess.Popen[str] | None = None
        self.lock = threading.Lock()
        self.lines: list[str] = []

    def start(self) -> None:
        """Start a run.

        Raises:
            Refused: there is one already.
        """
        with self.lock:
            if self.process is not None and self.process.poll() is None:
                raise Refused(HTTPStatus.CONFLICT, "a training is running already")
            self.lines = []
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C is for the server, which ends the run
            )
            threading.Thread(target=self.follow, args=(self.process, self.lines), daemon=True).start()

    @staticmethod
    def follow(process: "subprocess.Popen[str]", lines: list[str]) -> None:
        """Keep what a run prints."""
        assert process.stdout is not None
        with process.stdout:
            lines += iter(process.stdout.readline, "")

    def stop(self) -> None:
        """Let the run end: it saves what it has, unless that takes too long."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        send(process, signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            send(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            process.wait()

    def report(self) -> dict[str, Any]:
        """How far the newest run is.

        Returns:
            `running`; `progress`, from 0 to 1; `line`, what it printed last; `summary`, the figures before and after;
            and when it has ended `run`, its name, or None if there is none.
        """
        process, lines = self.process, [line.strip() for line in [*self.lines] if line.strip()]
        known = [line for line in lines if progress_of(line)]
        running = process is not None and process.poll() is None
        folders = [line.partition(": ")[2] for line in lines if line.startswith("The run's files: ")]
        done = process is not None and process.poll() == 0 and folders
        return {
            "running": running,
            "progress": max(map(progress_of, lines), default=0.0),
            "line": (known if running else lines or [""])[-1] if known or not running else "Starting …",
            "summary": [
                line for line in lines if line.startswith(("Own images", "Before", "After", "No more", "error"))
            ],
            "run": "/".join(re.split(r"[/\\\\]", folders[-1])[-2:]) if done and not running else None,
        }


def progress_of(line: str) -> float:
    """How much of a training is over when it prints this line, from 0 to 1."""
    if match := FOLD.match(line):
        return STAGES["Epoch"] + (0.95 - STAGES["Epoch"]) * int(match[1]) / int(match[2])
    return next((share for start, share in STAGES.items() if line.startswith(start)), 0.0)


def send(process: "subprocess.Popen[str]", number: int) -> None:
    """Send a signal to a run and to the processes that it has started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:  # Windows
            process.terminate()
    except ProcessLookupError:
        pass
