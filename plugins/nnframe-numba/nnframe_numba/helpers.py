"""Threads that help for a moment and wait for the next time.

A thread that is started anew for every moment costs more, and often begins on the processor of the one that started it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any

from nnframe_numba.placement import keep_off


class Helper:
    """A thread that makes the calls that it is given, and ends with the process.

    Attributes
    ----------
    calls : SimpleQueue
        Where to put them.
    """

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._made: SimpleQueue[None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="nnframe-numba", daemon=True)
        self._thread.start()

    def move_away(self) -> None:
        """Have the next call made on another processor than this thread's."""
        if self._thread.native_id is not None:
            keep_off(self._thread.native_id)

    def wait(self) -> None:
        """Return once a call has been made."""
        self._made.get()

    def _work(self) -> None:
        while True:
            call = self.calls.get()
            try:
                call()
            finally:
                # What it holds on to, weights and data, would stay in memory until the next one.
                del call
                self._made.put(None)


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
    begun: list[None] = []
    try:
        for _ in calls[1:]:
            helpers.append(_idle.pop() if _idle else Helper())
        for helper in helpers:
            helper.move_away()
        queues = [helper.calls for helper in helpers]
        # In C, where no interrupt comes between a call that is given and the note that it was.
        begun.extend(map(SimpleQueue.put, queues, calls[1:]))
        return calls[0]()
    except BaseException:
        call_off()
        raise
    finally:
        for helper, _ in zip(helpers, begun, strict=False):
            helper.wait()
        _idle.extend(helpers)
