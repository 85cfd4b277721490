"""Epochs that all processes run in step: they exchange numbers equally often, and fail together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnframe import Array, Epoch, TrainingTask
from nnframe.arrays import copy_all
from nnframe.contracts.bound import trained_arrays
from nnframe.contracts.engine import BatchShares
from nnframe.training.together import failure_of, raise_first
from nnframe_mpi.sums import AnotherFailedError, connected, sums_of
from nnframe_mpi.team import MPITeam


class InStep:
    """Runs epochs in step with the other processes, to the same end.

    In each epoch, all processes add up their numbers equally often. One that fails adds a mark to what it owes the
    others, so all of them learn of it in the same batch.

    Parameters
    ----------
    task : TrainingTask
    team : MPITeam
    has_state : bool, optional
        Whether the optimizer's state is added up too, after the weights.

    Attributes
    ----------
    numbers : list of ndarray
        The weights and the optimizer's state.
    sums : Sums
        What adds up the numbers of all processes.
    exchanges : int
        The number of messages in this part.
    """

    # What runs epochs in this process.
    _inner: Callable[[Epoch], float]

    def __init__(self, task: TrainingTask, team: MPITeam, has_state: bool = False) -> None:
        self.task, self.team = task, team
        weights = trained_arrays(task.layers, task.objective)
        self.numbers = [*weights, *task.rule.state.arrays]
        self.live = [*self.numbers, task.rule.state.updates]
        self.exchanges = 0
        summed = self.numbers if has_state else weights
        self.sums = sums_of(team, sum(array.size for array in summed), weights[0].dtype)
        self._is_connected = False
        self._shares: tuple[tuple[int, int], BatchShares] | None = None

    def add_up(self, vector: Array, loss_sum: float) -> float:
        """Replace a vector by its sum over all processes, and return that of the losses.

        Raises
        ------
        AnotherFailedError
            If a process has failed.
        EngineError
            If a process doesn't answer.
        """
        sums = self.sums
        # An engine may have written the gradient elsewhere.
        is_elsewhere = vector is not sums.vector
        if is_elsewhere:
            sums.vector[:] = vector
        total = sums.add_up(self._exchange, loss_sum)
        if is_elsewhere:
            vector[:] = sums.vector
        return total

    def in_step(self, work: Callable[[], float], n_sums: int) -> float:
        """Do some work with a number of sums, and raise in all processes if it fails in one."""
        self._connect()
        self.exchanges = 0
        total = np.nan
        failed: BaseException | None = None
        try:
            total = work()
        except AnotherFailedError:
            pass
        except BaseException as error:
            if self.team.is_broken:
                raise
            failed = error
            if self.exchanges < n_sums * self.sums.n_exchanges:
                self.sums.fail(self._exchange)
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

    def _connect(self) -> None:
        if not self._is_connected:
            self.sums = connected(self.sums, self.team)
            self._is_connected = True

    def _exchange(self, message: Array) -> None:
        self.exchanges += 1
        self.team.add_up(message)

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
