"""Epochs that all processes run in step: they exchange numbers equally often, and fail together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnframe import Array, Epoch, TrainingTask
from nnframe.arrays import copy_all
from nnframe.contracts.bound import trained_arrays
from nnframe.contracts.engine import BatchShares
from nnframe.many.threads import threads_limited_to
from nnframe.training.together import failure_of, raise_first
from nnframe_mpi.team import MPITeam, threads_of_process

# Up to so many numbers, a message takes about as long as one that is half as large: gradients travel in float64,
# together with the losses, in one message.
FEW_NUMBERS = 2**13


class AnotherFailedError(Exception):
    """Another process can't go on, and the batch is given up."""


class InStep:
    """Runs epochs in step with the other processes, to the same end.

    In each epoch, all processes add up their numbers equally often. One that fails adds a mark to what it owes the
    others, so all of them learn of it in the same batch.

    Attributes
    ----------
    exchanges : int
        How often numbers were added up in this part.
    """

    # What runs epochs in this process.
    _inner: Callable[[Epoch], float]

    def __init__(self, task: TrainingTask, team: MPITeam) -> None:
        self.task, self.team = task, team
        weights = trained_arrays(task.layers, task.objective)
        self.live = [*weights, *task.rule.state.arrays, task.rule.state.updates]
        self.n_numbers = sum(array.size for array in weights)
        self.dtype = weights[0].dtype
        self.exchanges = 0
        self._threads = threads_of_process()
        self._marks = np.zeros(2)
        self._joined = np.zeros(self.n_numbers + 2) if self.n_numbers <= FEW_NUMBERS else None
        self._shares: tuple[tuple[int, int], BatchShares] | None = None

    def add_up(self, vector: Array, loss_sum: float, has_failed: bool = False) -> float:
        """Replace a vector by its sum over all processes, and return that of the losses.

        Raises
        ------
        AnotherFailedError
            If a process has failed.
        EngineError
            If a process doesn't answer.
        """
        marks, joined = self._marks, self._joined
        if joined is not None:
            marks = joined[-2:]
            joined[:-2] = vector
        marks[:] = loss_sum, has_failed
        self.exchanges += 1
        self.team.add_up(*([vector, marks] if joined is None else [joined]))
        if joined is not None:
            vector[...] = joined[:-2]
        total, n_failed = marks.tolist()
        # NaN, too: the mark of a process that failed is 1.
        if n_failed != 0 and not has_failed:
            raise AnotherFailedError
        return float(total)

    def in_step(self, work: Callable[[], float], n_exchanges: int) -> float:
        """Do some work with a number of exchanges, and raise in all processes if it fails in one."""
        self.exchanges = 0
        total = np.nan
        failed: BaseException | None = None
        try:
            with threads_limited_to(self._threads, is_worker=False):
                total = work()
        except AnotherFailedError:
            pass
        except BaseException as error:
            if self.team.is_broken:
                raise
            failed = error
            if self.exchanges < n_exchanges:
                self.add_up(np.zeros(self.n_numbers, self.dtype), 0.0, has_failed=True)
        told = self.team.gather(failure_of(failed))
        if any(each is not None for each in told):
            first = next(rank for rank, each in enumerate(told) if each is not None)
            self.return_to_common_weights(first)
            if failed is not None:
                raise failed
            raise_first(self.team, told)
        return total

    def close(self, error: BaseException | None) -> None:
        """Tell the engine of this process that the run has ended."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close(error)

    def return_to_common_weights(self, first: int) -> None:
        """Take over the weights and the state of the first process that failed, which may be a batch behind."""
        theirs = self.team.gather(self.live if self.team.rank == first else None)[first]
        copy_all(self.live, theirs)

    def with_shares(self, epoch: Epoch) -> Epoch:
        """Return an epoch with this process's share of each batch."""
        if epoch.shares is not None:
            return epoch
        n_visited = len(self.task.data if epoch.order is None else epoch.order)
        key = (n_visited, self.task.batch_size)
        if self._shares is None or self._shares[0] != key:
            self._shares = key, even_shares(*key, self.team.rank, self.team.size)
        return epoch._replace(shares=self._shares[1])


def even_shares(n_visited: int, batch_size: int, rank: int, size: int) -> BatchShares:
    """Return the share of one of several processes that have the same data: a run of each batch."""
    bounds = np.minimum(np.arange(-(-n_visited // batch_size) + 1) * batch_size, n_visited)
    sizes, begins = np.diff(bounds), bounds[:-1]
    starts = begins + sizes * rank // size
    return BatchShares(starts, begins + sizes * (rank + 1) // size, starts, sizes)
