"""`python -m digits`."""

import atexit
import gc
import os
import signal
import sys
import traceback
from types import SimpleNamespace
from typing import NoReturn

gc.disable()  # what is imported stays: looking for garbage in it takes one second of four (two cores of an AMD EPYC)
# torchmetrics imports this for 0.4 seconds, only to give it a name that another package misses.
stand_in = SimpleNamespace(hamming=None)
sys.modules.setdefault("scipy.signal", stand_in)  # type: ignore[arg-type]
from digits.cli import main  # noqa: E402

if sys.modules["scipy.signal"] is stand_in:
    del sys.modules["scipy.signal"]  # who needs it gets it
gc.freeze()  # nor need it be looked for there later
gc.enable()


def leave(status: str | int | None) -> NoReturn:
    """End the process as `sys.exit` does, but without freeing each object first, which takes another second."""
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status or 0)


def run() -> str | int | None:
    """The command line's exit status, or what it says is wrong."""
    try:
        main()
    except SystemExit as end:
        return end.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    leave(run())
