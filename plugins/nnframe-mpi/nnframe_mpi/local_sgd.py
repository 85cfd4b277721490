"""Local SGD: each process makes updates of its own, and from time to time all take the mean of their weights.

That is another algorithm than stochastic gradient descent on the whole batch, with other weights at the end: between
two means, a process sees only its shares of the batches. It needs a fraction of the messages.

Source: S. Stich, "Local SGD converges fast and communicates little", ICLR 2019.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from nnframe import Engine, Epoch, TrainingTask
from nnframe.arrays import copy_all
from nnframe.contracts.engine import BatchShares
from nnframe.engines.vectors import parts_of
from nnframe_mpi.in_step import InStep
from nnframe_mpi.team import MPITeam


class LocalSGD(InStep):
    """Takes the mean of the weights and of the optimizer's state after so many batches, and at the end of each part."""

    def __init__(self, task: TrainingTask, team: MPITeam, inner: Engine, average_every: int) -> None:
        super().__init__(task, team, has_state=True)
        self._every = average_every
        self._inner = inner.prepare(task, **inner.settings)
        self._common = [array.copy() for array in self.live]

    def __call__(self, epoch: Epoch) -> float:
        """Run some batches and return the sum of the losses, with those of all processes."""
        mine = self.with_shares(epoch)
        first, stop = epoch.first_batch, epoch.first_batch + len(epoch.learning_rates)
        # At the same batches of an epoch wherever it is cut.
        cuts = [first, *(b for b in range(first + 1, stop) if b % self._every == 0), stop]
        self._keep()
        return self.in_step(lambda: self._run(mine, cuts), len(cuts) - 1)

    def return_to_common_weights(self, first: int) -> None:
        """Go back to the last mean."""
        copy_all(self.live, self._common)

    def _run(self, epoch: Epoch, cuts: list[int]) -> float:
        total = epoch.loss_sum
        for start, stop in pairwise(cuts):
            self.team.raise_interrupt()
            total += self._take_mean(self._inner(own_batches(epoch, start, stop)))
            self._keep()
        return total

    def _take_mean(self, loss_sum: float) -> float:
        vector = self.sums.vector
        np.concatenate([array.reshape(-1) for array in self.numbers], out=vector)
        total = self.add_up(vector, loss_sum)
        vector /= vector.dtype.type(self.team.size)
        copy_all(self.numbers, parts_of(vector, self.numbers))
        return total

    def _keep(self) -> None:
        copy_all(self._common, self.live)


def own_batches(epoch: Epoch, start: int, stop: int) -> Epoch:
    """Return the shares of some batches as batches of their own, without those that have no samples."""
    shares = epoch.shares
    assert shares is not None
    numbers = np.arange(start, stop)
    numbers = numbers[shares.stops[numbers] > shares.starts[numbers]]
    starts, stops, positions = (each[numbers] for each in (shares.starts, shares.stops, shares.positions))
    rates = epoch.learning_rates[numbers - epoch.first_batch]
    return epoch._replace(
        learning_rates=rates,
        first_batch=0,
        loss_sum=0.0,
        shares=BatchShares(starts, stops, positions, stops - starts),
    )
