"""Compiling in a thread of its own, where no Ctrl-C can interrupt it half-way.

Python raises KeyboardInterrupt in the main thread alone. numba and its import system don't expect one: interrupted,
they leave functions half compiled and modules half imported. So the main thread only waits. When it is interrupted, the
thread stops before the next function, and what it has compiled so far is there for the next time.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

# LLVM needs more than the 512 kB that some systems give to threads.
STACK_BYTES = 16 * 2**20
# The system may hand a signal to any thread. The main one looks after so many seconds whether there was one.
SECONDS_BETWEEN_LOOKS = 0.05


class NotCompiledError(Exception):
    """Something has to be compiled, and this is not the thread for it."""


class _AbandonedError(BaseException):
    """Nobody waits for the result any more."""


class _Job(threading.Thread):
    """One call in a thread; the process ends after it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(name="nnframe-numba compiler")
        self.function = function
        # numpy's error state is part of the context.
        self.context = contextvars.copy_context()
        self.is_abandoned = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.is_over = threading.Event()

    def run(self) -> None:
        try:
            with _one_at_a_time:
                require_compile_thread()
                self.result = self.context.run(self.function)
        except BaseException as error:
            self.error = error
        finally:
            del self.function
            self.is_over.set()


_one_at_a_time = threading.Lock()
_starting = threading.Lock()


def in_compile_thread(function: Callable[[], T]) -> T:
    """Call a function in a thread that isn't interrupted, and return or raise what it does.

    Raises
    ------
    KeyboardInterrupt
        If the main thread is interrupted. The function then stops at the next `require_compile_thread`.
    """
    if isinstance(threading.current_thread(), _Job):
        return function()
    job = _Job(function)
    try:
        with _starting:
            before = threading.stack_size(STACK_BYTES)
            try:
                job.start()
            finally:
                threading.stack_size(before)
        while not job.is_over.wait(SECONDS_BETWEEN_LOOKS):
            pass
    except BaseException:
        job.is_abandoned = True
        raise
    if job.error is not None:
        raise job.error
    result: T = job.result
    job.result = None
    return result


def require_compile_thread() -> None:
    """Raise unless this is a thread in which something may be compiled, and someone waits for it.

    Raises
    ------
    NotCompiledError
        In any other thread.
    """
    thread = threading.current_thread()
    if not isinstance(thread, _Job):
        raise NotCompiledError
    if thread.is_abandoned:
        raise _AbandonedError
