"""In which order an epoch visits the samples, and with which learning rates: the same for the same seed.

Both are functions of the seed and the epoch's number alone, so that a run which is resumed goes on as if it had never
stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnframe.arrays import Array
from nnframe.binding import bind_schedule
from nnframe.engine import Epoch
from nnframe.schedule import Schedule
from nnframe.training.settings import Descent


@dataclass(frozen=True)
class Plan:
    """The epochs of a run.

    Attributes
    ----------
    n_epochs, n_samples, batch_size : int
    shuffle : bool
        Whether every epoch has an order of its own.
    seed : int
        What the orders are drawn from.
    descent : Descent
    """

    n_epochs: int
    n_samples: int
    batch_size: int
    shuffle: bool
    seed: int
    descent: Descent

    @property
    def steps_per_epoch(self) -> int:
        """The number of updates in an epoch."""
        return -(-self.n_samples // self.batch_size)

    def epoch(self, number: int) -> Epoch:
        """Return what the engine is to do in an epoch, counted from 0.

        Raises
        ------
        PluginError
            If the schedule fails.
        """
        order = None
        if self.shuffle:
            order = np.random.default_rng([self.seed, number]).permutation(self.n_samples)
        rates = np.full(self.steps_per_epoch, self.descent.learning_rate)
        if self.descent.schedule is not None:
            rates *= self._factors(self.descent.schedule, number)
        return Epoch(rates, order)

    def _factors(self, schedule: Schedule, number: int) -> Array:
        steps = np.arange(number * self.steps_per_epoch, (number + 1) * self.steps_per_epoch)
        return bind_schedule(schedule)(steps, self.steps_per_epoch, self.n_epochs)
