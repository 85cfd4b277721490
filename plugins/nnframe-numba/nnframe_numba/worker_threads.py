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

from nnframe_numba.affinity import move_thread, other_processors


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
        self._processors: set[int] | None = None
        self._thread = Thread(target=self._work, name="nnframe-numba worker", daemon=True)
        self._thread.start()

    def move_away(self) -> None:
        """Have the next call made on another processor than the caller's."""
        processors = other_processors()
        if processors is None or processors == self._processors or self._thread.native_id is None:
            return
        move_thread(self._thread.native_id, processors)
        self._processors = processors

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
# Those that `get_help` has called and that have not finished.
_helping: set[Worker] = set()
CALLS_FOR_HELP_PER_THREAD = 4
if hasattr(os, "register_at_fork"):
    # A fork copies no threads.
    os.register_at_fork(after_in_child=_idle.clear)
    os.register_at_fork(after_in_child=_helping.clear)


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


def get_help(call: Callable[[], object], n_threads: int) -> None:
    """Make a call in so many other threads, as soon as they get a processor, without waiting for them.

    Where helpers don't get one, calls are not made rather than collected, since each keeps its arrays alive.
    """
    for _ in range(min(n_threads, CALLS_FOR_HELP_PER_THREAD * n_threads - len(_helping))):
        worker = _idle.pop() if _idle else Worker()
        _helping.add(worker)
        worker.move_away()
        worker.calls.put((call, partial(_end_of_help, worker)))


def _end_of_help(worker: Worker, _error: BaseException | None) -> None:
    _helping.discard(worker)
    _idle.append(worker)


def _make_or_abort(call: Callable[[], object], abort: Callable[[], object]) -> None:
    """Make a call, and abort the others if it fails."""
    try:
        call()
    except BaseException:
        abort()
        raise
