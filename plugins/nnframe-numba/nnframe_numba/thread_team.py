"""Some threads that run a slice of an epoch together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from nnframe import Array
from nnframe_numba.barrier import ABORTED, new_barrier
from nnframe_numba.blas import one_thread
from nnframe_numba.worker_threads import together


class ThreadTeam:
    """Some threads that run slices together.

    Parameters
    ----------
    function : callable
        ``function(*sample_arguments, thread, n_threads, n_shares, barrier, *arguments) -> total``, which every thread
        calls with its number; thread 0 returns the total.
    arguments : list
    n_shares : int
        Into how many shares each batch is cut.
    """

    def __init__(self, function: Callable[..., float], arguments: list[Any], n_shares: int) -> None:
        self.function, self.arguments, self.n_shares = function, arguments, n_shares

    def run(self, size: int, sample_arguments: list[Any]) -> float:
        """Run a slice on so many threads and return the total."""
        barrier = new_barrier()
        calls = [
            partial(self.function, *sample_arguments, *self.own_arguments(thread, size, barrier), *self.arguments)
            for thread in range(size)
        ]
        # The others wait for all threads before they touch a weight, and must not wait for ever.
        with one_thread():
            return cast(float, together(calls, partial(barrier.__setitem__, ABORTED, 1)))

    def own_arguments(self, thread: int, size: int, barrier: Array) -> list[Any]:
        """Return what a thread passes to the function after the samples."""
        return [thread, size, self.n_shares, barrier]
