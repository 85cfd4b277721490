"""Calls at the same time, which reveal shared state."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from types import FrameType
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.testing.outcome import difference

REPEATS = 5
# So short that Python switches threads as often as it can.
SWITCH_INTERVAL = 1e-6
# A function may correctly wait for a lock that the interrupted call holds, and then not return in time.
PATIENCE = 0.05
MOST_INTERRUPTIONS = 300


def together(calls: Sequence[Callable[[], Array]]) -> list[Array]:
    """Call each function in its own thread, all at once, and return the results.

    Each is called several times; a result that differs from the first is returned in its place.
    """
    start = threading.Barrier(len(calls))

    def work(call: Callable[[], Array]) -> Array:
        start.wait()
        results = [np.array(call()) for _ in range(REPEATS)]
        return next((each for each in results if difference(each, results[0])), results[0])

    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        with ThreadPoolExecutor(len(calls)) as pool:
            # numpy's error state belongs to the context, and each thread needs its own copy.
            running = [pool.submit(copy_context().run, work, call) for call in calls]
            return [each.result() for each in running]
    finally:
        sys.setswitchinterval(before)


def interleaved(call: Callable[[], Array], other: Callable[[], Array]) -> Array:
    """Return the result of a function while another thread calls another function at each of its steps.

    Races are a matter of chance and may need a thousand tries. Here the interpreter stops the call before each of its
    instructions and lets the other thread make a whole call, which reveals a race at once.
    """
    interruptions = 0
    pending: Future[Array] | None = None

    def let_the_other_run() -> None:
        nonlocal interruptions, pending
        if interruptions < MOST_INTERRUPTIONS and (pending is None or pending.done()):
            interruptions += 1
            pending = pool.submit(context.run, other)
            wait([pending], timeout=PATIENCE)

    context = copy_context()
    with ThreadPoolExecutor(1) as pool, _before_each_instruction(let_the_other_run):
        return np.asarray(call())


@contextmanager
def _before_each_instruction(act: Callable[[], None]) -> Iterator[None]:
    """Call a function before each instruction of Python that this thread executes in a ``with`` block."""
    if sys.version_info >= (3, 12):
        # From 3.14 on, a trace function gets no more instructions of code that another thread has executed meanwhile.
        monitoring, thread = sys.monitoring, threading.get_ident()
        event = monitoring.events.INSTRUCTION
        tool = next(i for i in range(5, -1, -1) if monitoring.get_tool(i) is None)
        monitoring.use_tool_id(tool, "nnframe.testing")
        monitoring.register_callback(tool, event, lambda *where: act() if threading.get_ident() == thread else None)
        monitoring.set_events(tool, event)
        try:
            yield
        finally:
            monitoring.set_events(tool, 0)
            monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)
        return

    def trace(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        frame.f_trace_opcodes = True
        act()
        return trace

    tracer = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(tracer)
