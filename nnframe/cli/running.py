"""What is done while code of others runs: its output is kept apart, and what takes long is named."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

# Longer than any check of a plugin that comes with nnframe takes.
PATIENCE = 5.0


@contextmanager
def running_plugins(what: str) -> Iterator[None]:
    """Send what plugins print to stderr, so that stdout has nothing but the command's own output.

    Parameters
    ----------
    what : str
        What is being done, which is said on stderr if it takes longer than some seconds: a plugin that loops for ever
        is found by it.
    """

    def tell() -> None:
        print(
            f"nnframe: still busy with {what}, after {PATIENCE:g} seconds; Ctrl-C ends it", file=sys.stderr, flush=True
        )

    timer = threading.Timer(PATIENCE, tell)
    timer.daemon = True
    timer.start()
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        timer.cancel()
