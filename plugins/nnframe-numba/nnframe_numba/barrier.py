"""What the threads of a batch share: a barrier, and tickets for rows of weights.

Compiled threads that run at the same time meet within a microsecond if they spin; a lock takes many times as long.
"""

from __future__ import annotations

import sys

import numpy as np
from numba import types
from numba.extending import intrinsic

from nnframe import Array
from nnframe_numba.intrinsics import address_of
from nnframe_numba.jit import kernel

# After half a millisecond of spinning, a thread sleeps: the one it waits for may need this very processor.
SPINS = 200_000
SLEEP_UNITS = 1
ARRIVED, ABORTED, FIRST_TICKET = 0, 1, 2

# With fewer samples per thread, packing the weights takes as long as multiplying.
FEWEST_SAMPLES = 8

# Windows counts in milliseconds, other systems in microseconds.
sleep = types.ExternalFunction("Sleep" if sys.platform == "win32" else "usleep", types.intc(types.uintc))


@kernel
def share_of_rows(thread: int, n_threads: int, n_rows: int) -> tuple[int, int]:
    """Return the start and the end of a thread's rows."""
    return n_rows * thread // n_threads, n_rows * (thread + 1) // n_threads


@kernel
def share_of_samples(thread: int, n_threads: int, count: int) -> tuple[int, int]:
    """Return the start and the end of a thread's samples of a batch."""
    n_sharing = max(1, min(n_threads, count // FEWEST_SAMPLES))
    if thread >= n_sharing:
        return count, count
    return share_of_rows(thread, n_sharing, count)


def new_barrier(n_layers: int) -> Array:
    """Return the shared state of some threads.

    It holds the number of arrivals so far, a flag that is not 0 once someone has aborted, and for each layer the number
    of tickets taken. With 0 layers there are no tickets.
    """
    return np.zeros(FIRST_TICKET + n_layers, np.int64)


@kernel
def has_tickets(barrier: Array, layer: int) -> bool:
    """Return whether a layer's rows are handed out by tickets."""
    return FIRST_TICKET + layer < len(barrier)


@kernel
def take_ticket(barrier: Array, layer: int) -> int:
    """Return the next ticket of a layer, which no other thread gets."""
    ticket: int = fetch_add_one(barrier, FIRST_TICKET + layer)
    return ticket


@kernel
def reset_tickets(barrier: Array) -> None:
    """Make all tickets available again; only while no thread takes any."""
    for i in range(FIRST_TICKET, len(barrier)):
        barrier[i] = 0


@kernel
def wait_at_barrier(barrier: Array, n_threads: int) -> bool:
    """Wait until n_threads threads have arrived; return False if one of them has aborted.

    Parameters
    ----------
    barrier : ndarray of int64
        See `new_barrier`.
    n_threads : int
    """
    number = fetch_add_one(barrier, ARRIVED)
    everyone = (number // n_threads + 1) * n_threads
    spins = 0
    while load_atomic(barrier, ARRIVED) < everyone:
        if load_atomic(barrier, ABORTED) != 0:
            return False
        spins += 1
        if spins > SPINS:
            sleep(SLEEP_UNITS)
    return True


@intrinsic
def fetch_add_one(typing, barrier, i):  # type: ignore[no-untyped-def]
    """Atomically add 1 to a number and return what it was."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments)
        return builder.atomic_rmw("add", address, context.get_constant(types.int64, 1), "seq_cst")

    return types.int64(barrier, types.intp), code


@intrinsic
def load_atomic(typing, barrier, i):  # type: ignore[no-untyped-def]
    """Return a number as another thread may just have written it, ordered after all that it wrote before."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = address_of(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(address, "seq_cst", 8)

    return types.int64(barrier, types.intp), code
