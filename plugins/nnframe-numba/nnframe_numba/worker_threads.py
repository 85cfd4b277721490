"""Threads that help for a moment and wait for the next time.

A thread that is started anew for every moment costs more, and often begins on the processor of the one that started it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any

from nnframe_numba.affinity import keep_off_my_processor


class Worker:
    """A thread that makes the calls that it is given, and ends with the process.

    Attributes
    ----------
    calls : SimpleQueue
        Where to put them.
    """

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._made: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="nnframe-numba", daemon=True)
        self._thread.start()

    def move_away(self) -> None:
        """Have the next call made on another processor than the caller's."""
        if self._thread.native_id is not None:
            keep_off_my_processor(self._thread.native_id)

    def wait(self) -> BaseException | None:
        """Return what a call raised, or None, once it has been made."""
        return self._made.get()

    def _work(self) -> None:
        while True:
            call, error = self.calls.get(), None
            try:
                call()
            except BaseException as raised:
                error = raised
            # What they hold on to, weights and data, would stay in memory until the next call.
            del call
            self._made.put(error)
            del error


# Those that have nothing to do. Nets that are trained at the same time take different ones.
_idle: list[Worker] = []
if hasattr(os, "register_at_fork"):
    # Threads don't go along.
    os.register_at_fork(after_in_child=_idle.clear)


def together(calls: Sequence[Callable[[], Any]], call_off: Callable[[], object]) -> Any:
    """Make all calls at the same time, the first one here, and return what that returns.

    Parameters
    ----------
    calls : sequence of callable
    call_off : callable
        Called when one of them fails, or an interrupt comes before the first begins, so that no other waits for it.

    Raises
    ------
    RuntimeError
        If there can be no more threads; no call has been made.
    BaseException
        What one of the calls raised, when all are over.
    """
    first, *others = calls
    helpers: list[Worker] = []
    # As long as there are calls that helpers have got.
    given: list[None] = []
    errors: list[BaseException | None] = []
    try:
        for _ in others:
            helpers.append(_idle.pop() if _idle else Worker())
        for helper in helpers:
            helper.move_away()
        queues = [helper.calls for helper in helpers]
        watched: list[Callable[[], object]] = [partial(_made_or_called_off, call, call_off) for call in others]
        # Both run in C, so that no interrupt comes between giving a call and noting it, as in `nnframe.engines.update`.
        given.extend(map(SimpleQueue.put, queues, watched))
        result = first()
    except BaseException:
        call_off()
        raise
    finally:
        _idle.extend(helpers[len(given) :])
        for helper in helpers[: len(given)]:
            errors.append(helper.wait())
            _idle.append(helper)
    for error in filter(None, errors):
        raise error
    return result


def _made_or_called_off(call: Callable[[], object], call_off: Callable[[], object]) -> None:
    """Make a call, and call the others off if it fails."""
    try:
        call()
    except BaseException:
        call_off()
        raise
