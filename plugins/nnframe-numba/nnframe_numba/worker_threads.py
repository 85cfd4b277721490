"""Threads that help for a moment and then wait for the next time.

Starting a new thread each time costs more, and it often starts on the processor of the thread that started it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any

from nnframe_numba.affinity import keep_off_my_processor


def n_processors() -> int:
    """Return how many threads may run at once: what NUMBA_NUM_THREADS says, or the number of processors."""
    try:
        return max(1, int(os.environ["NUMBA_NUM_THREADS"]))
    except (KeyError, ValueError):
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1


class Worker:
    """A thread that makes the calls that it is given, and ends with the process.

    Attributes
    ----------
    calls : SimpleQueue
        Where to put them, each with what is called when it is over, with what it raised or None.
    results : SimpleQueue
        Where those who wait for a call have that put.
    """

    def __init__(self) -> None:
        self.calls: SimpleQueue[tuple[Callable[[], object], Callable[[BaseException | None], object]]] = SimpleQueue()
        self.results: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="nnframe-numba worker", daemon=True)
        self._thread.start()

    def move_away(self) -> None:
        """Have the next call made on another processor than the caller's."""
        if self._thread.native_id is not None:
            keep_off_my_processor(self._thread.native_id)

    def _work(self) -> None:
        while True:
            (call, report), error = self.calls.get(), None
            try:
                call()
            except BaseException as raised:
                error = raised
            # What it holds, weights and data, would stay in memory until the next call.
            del call
            report(error)
            del report, error


# Workers that have nothing to do. Nets that are trained at the same time take different ones.
_idle: list[Worker] = []
if hasattr(os, "register_at_fork"):
    # A fork copies no threads.
    os.register_at_fork(after_in_child=_idle.clear)


def together(calls: Sequence[Callable[[], Any]], abort: Callable[[], object]) -> Any:
    """Make all calls at the same time, the first one in this thread, and return what that returns.

    Parameters
    ----------
    calls : sequence of callable
    abort : callable
        Called when one of them fails, or an interrupt comes before the first begins, so that no other waits for it.

    Raises
    ------
    RuntimeError
        If no more threads can be started; no call has been made.
    BaseException
        What one of the calls raised, when all are over.
    """
    first, *others = calls
    if not others:
        return first()
    workers: list[Worker] = []
    # As long as the number of calls that workers have been given.
    given: list[None] = []
    errors: list[BaseException | None] = []
    try:
        for _ in others:
            workers.append(_idle.pop() if _idle else Worker())
        for worker in workers:
            worker.move_away()
        queues = [worker.calls for worker in workers]
        put: Callable[..., None] = SimpleQueue.put
        watched = [
            (partial(_make_or_abort, call, abort), worker.results.put)
            for call, worker in zip(others, workers, strict=True)
        ]
        # Both run in C, so that no interrupt comes between giving a call and noting it, as in `nnframe.arrays`.
        given.extend(map(put, queues, watched))
        result = first()
    except BaseException:
        abort()
        raise
    finally:
        _idle.extend(workers[len(given) :])
        for worker in workers[: len(given)]:
            errors.append(worker.results.get())
            _idle.append(worker)
    for error in filter(None, errors):
        raise error
    return result


def share(work: Callable[[int], object], n_pieces: int, n_threads: int) -> None:
    """Call ``work(i)`` for each piece on several threads, whichever is free taking the next.

    A thread that doesn't get a processor in time takes no piece, and isn't waited for.

    Raises
    ------
    BaseException
        What one of the calls raised, when all are over.
    """
    pieces = iter(range(n_pieces))
    over: SimpleQueue[BaseException | None] = SimpleQueue()

    def take_pieces() -> None:
        for i in pieces:
            try:
                work(i)
            except BaseException as error:
                over.put(error)
            else:
                over.put(None)

    for _ in range(min(n_threads, n_pieces) - 1):
        worker = _idle.pop() if _idle else Worker()
        worker.move_away()
        worker.calls.put((take_pieces, partial(_be_idle, worker)))
    take_pieces()
    errors = [over.get() for _ in range(n_pieces)]
    for error in filter(None, errors):
        raise error


def _be_idle(worker: Worker, _error: BaseException | None) -> None:
    _idle.append(worker)


def _make_or_abort(call: Callable[[], object], abort: Callable[[], object]) -> None:
    """Make a call, and abort the others if it fails."""
    try:
        call()
    except BaseException:
        abort()
        raise
