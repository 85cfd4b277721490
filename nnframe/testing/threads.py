"""Calls that happen at the same time, so that what they share shows."""

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
# Python then looks for another thread to run as often as it can.
SWITCH_INTERVAL = 1e-6
# A function that waits for a lock which the interrupted call holds is right, and won't come back in time.
PATIENCE = 0.05
MOST_INTERRUPTIONS = 300


def together(calls: Sequence[Callable[[], Array]]) -> list[Array]:
    """Return what each function gives, called in a thread of its own, all at once.

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
            # How numpy treats overflow belongs to the context, and each thread needs a copy of its own.
            running = [pool.submit(copy_context().run, work, call) for call in calls]
            return [each.result() for each in running]
    finally:
        sys.setswitchinterval(before)


def interleaved(call: Callable[[], Array], other: Callable[[], Array]) -> Array:
    """Return what a function gives while another thread calls another function at each of its steps.

    Whether threads get into each other's way is chance, and may take a thousand tries to show. Here the interpreter
    stops the call before each of its instructions and lets the other thread make a whole one, so that it shows at once.
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
