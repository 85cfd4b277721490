"""Calls at the same time, which reveal shared state."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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

    def let_the_other_run(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal interruptions, pending
        frame.f_trace_opcodes = True
        if interruptions < MOST_INTERRUPTIONS and (pending is None or pending.done()):
            interruptions += 1
            pending = pool.submit(context.run, other)
            wait([pending], timeout=PATIENCE)
        return let_the_other_run

    context = copy_context()
    tracer = sys.gettrace()
    with ThreadPoolExecutor(1) as pool:
        sys.settrace(let_the_other_run)
        try:
            return np.asarray(call())
        finally:
            sys.settrace(tracer)
