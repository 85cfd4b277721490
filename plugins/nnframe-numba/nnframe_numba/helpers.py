"""Threads that help for a moment and wait for the next time.

A thread that is started anew for every moment costs more, and often begins on the processor of the one that started it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any


class Helper:
    """A thread that makes a call when it is told to, and ends with the process."""

    def __init__(self) -> None:
        self._call: Callable[[], object] | None = None
        self._told, self._done = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._work, name="nnframe-numba", daemon=True).start()

    def begin(self, call: Callable[[], object]) -> None:
        """Have the call made."""
        self._call = call
        self._told.release()

    def wait(self) -> None:
        """Return once it has been made."""
        self._done.acquire()

    def _work(self) -> None:
        while True:
            self._told.acquire()
            call, self._call = self._call, None
            try:
                if call is not None:
                    call()
            finally:
                # What the call holds on to, weights and data, would stay in memory until the next one.
                del call
                self._done.release()


# Those that have nothing to do. Nets that are trained at the same time take different ones.
_idle: list[Helper] = []
if hasattr(os, "register_at_fork"):
    # Threads don't go along.
    os.register_at_fork(after_in_child=_idle.clear)


def together(calls: Sequence[Callable[[], Any]], call_off: Callable[[], object]) -> Any:
    """Make all calls at the same time, the first one here, and return what that returns.

    Parameters
    ----------
    calls : sequence of callable
        They don't fail, but an interrupt may end the first before it begins.
    call_off : callable
        Called then, so that the others don't wait for it.

    Raises
    ------
    RuntimeError
        If there can be no more threads; no call has been made.
    """
    helpers: list[Helper] = []
    begun: list[Helper] = []
    try:
        for _ in calls[1:]:
            helpers.append(_idle.pop() if _idle else Helper())
        for helper, call in zip(helpers, calls[1:], strict=True):
            begun.append(helper)
            helper.begin(call)
        return calls[0]()
    except BaseException:
        call_off()
        raise
    finally:
        for helper in begun:
            helper.wait()
        _idle.extend(helpers)
