"""Some threads that run a slice of an epoch together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from nnframe import Array
from nnframe_numba.barrier import ABORTED, new_barrier
from nnframe_numba.matrix_products import Workspace
from nnframe_numba.worker_threads import together


class ThreadTeam:
    """Some threads that run slices together.

    Parameters
    ----------
    function : callable
        ``function(*sample_arguments, thread, n_threads, barrier, workspace, *arguments) -> total``, which every
        thread calls with its number; thread 0 returns the total.
    arguments : list
    new_workspace : callable
        Returns a thread's workspace.
    n_layers : int
        For how many layers rows are handed out by tickets.
    """

    def __init__(
        self,
        function: Callable[..., float],
        arguments: list[Any],
        new_workspace: Callable[[], Workspace],
        n_layers: int,
    ) -> None:
        self.function, self.arguments, self.new_workspace, self.n_layers = function, arguments, new_workspace, n_layers
        self.workspaces = [new_workspace()]

    def run(self, size: int, sample_arguments: list[Any]) -> float:
        """Run a slice on so many threads and return the total."""
        barrier = new_barrier(self.n_layers)
        while len(self.workspaces) < size:
            self.workspaces.append(self.new_workspace())
        calls = [
            partial(self.function, *sample_arguments, *self.own_arguments(thread, size, barrier), *self.arguments)
            for thread in range(size)
        ]
        # The others wait for all threads before they touch a weight, and must not wait for ever.
        return cast(float, together(calls, partial(barrier.__setitem__, ABORTED, 1)))

    def own_arguments(self, thread: int, size: int, barrier: Array) -> list[Any]:
        """Return what a thread passes to the function after the samples."""
        return [thread, size, barrier, self.workspaces[thread]]
