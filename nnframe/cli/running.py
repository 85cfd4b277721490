"""Running other people's code: its output is kept apart from the command's, and a slow plugin is named."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

from nnframe.cli.output import complain

# Longer than any check of a plugin that comes with nnframe takes.
PATIENCE = 5.0
STDOUT, STDERR = 1, 2


@contextmanager
def running_plugins(what: str) -> Iterator[None]:
    """Send everything that plugins print to stderr, so that stdout has only the command's own output.

    Parameters
    ----------
    what : str
        What is being done. It is printed on stderr if it takes longer than PATIENCE seconds, to find a plugin that
        loops forever.
    """
    timer = threading.Timer(
        PATIENCE, complain, [f"nnframe: still busy with {what}, after {PATIENCE:g} seconds; Ctrl-C ends it"]
    )
    timer.daemon = True
    timer.start()
    try:
        with plugin_output_apart():
            yield
    finally:
        timer.cancel()


@contextmanager
def plugin_output_apart() -> Iterator[None]:
    """Do the same without a thread that watches the time, for what takes a moment."""
    with redirect_stdout(sys.stderr), _stdout_descriptor_to_stderr():
        yield


@contextmanager
def _stdout_descriptor_to_stderr() -> Iterator[None]:
    """Redirect what bypasses sys.stdout: os.write, C libraries, child processes."""
    try:
        saved = os.dup(STDOUT)
    except OSError:
        # A process without stdout has nothing to keep apart.
        yield
        return
    try:
        with suppress(OSError):
            os.dup2(STDERR, STDOUT)
        yield
    finally:
        os.dup2(saved, STDOUT)
        os.close(saved)
