"""A barrier for compiled threads.

Compiled threads that run at the same time meet within a microsecond if they spin; a lock takes many times as long.
"""

from __future__ import annotations

import sys

import numpy as np
from numba import types
from numba.extending import intrinsic

from nnframe import Array
from nnframe_numba.jit import kernel
from nnframe_numba.simd import address_of

# After half a millisecond of spinning, a thread sleeps: the one it waits for may need this very processor.
SPINS = 200_000
SLEEP_UNITS = 1
ARRIVED, ABORTED = 0, 1

# Windows counts in milliseconds, other systems in microseconds.
_sleep = types.ExternalFunction("Sleep" if sys.platform == "win32" else "usleep", types.intc(types.uintc))


def new_barrier() -> Array:
    """Return what some threads share: how many have arrived, and a flag that is not 0 once one has aborted."""
    return np.zeros(2, np.int64)


@kernel
def wait_at_barrier(barrier: Array, n_threads: int) -> bool:
    """Wait until n_threads threads have arrived; return False if one of them has aborted.

    Parameters
    ----------
    barrier : ndarray of int64
        See `new_barrier`.
    n_threads : int
    """
    number = _fetch_add_one(barrier, ARRIVED)
    everyone = (number // n_threads + 1) * n_threads
    spins = 0
    while _load_atomic(barrier, ARRIVED) < everyone:
        if _load_atomic(barrier, ABORTED) != 0:
            return False
        spins += 1
        if spins > SPINS:
            _sleep(SLEEP_UNITS)
    return True


@intrinsic
def _fetch_add_one(typing, barrier, i):  # type: ignore[no-untyped-def]
    """Atomically add 1 to a number and return what it was."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments)
        return builder.atomic_rmw("add", address, context.get_constant(types.int64, 1), "seq_cst")

    return types.int64(barrier, types.intp), code


@intrinsic
def _load_atomic(typing, barrier, i):  # type: ignore[no-untyped-def]
    """Return a number as another thread may just have written it, ordered after all that it wrote before."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(address, "seq_cst", 8)

    return types.int64(barrier, types.intp), code
