"""A schedule's factors, update by update, for a trainer."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import TRAINING_ERRORS
from nnframe.contracts.schedule import Schedule
from nnframe.registry.binding import bind_schedule

# A schedule is asked for so many factors in one call, from a multiple of this number on.
AT_ONCE = 1024


class Factors:
    """The factors of the learning rate that a schedule has for each update.

    Parameters
    ----------
    schedule : Schedule
    steps_per_epoch, n_epochs : int
    """

    def __init__(self, schedule: Schedule, steps_per_epoch: int, n_epochs: int) -> None:
        self._factor = bind_schedule(schedule)
        self._steps_per_epoch, self._n_epochs = steps_per_epoch, n_epochs
        self._last = steps_per_epoch * n_epochs - 1
        self._start = 0
        self._kept: list[float] = []

    def at(self, step: int) -> float:
        """Return the factor of an update; past the last epoch it stays what it was.

        Raises
        ------
        PluginError
            If the schedule fails.
        """
        place = min(step, self._last) - self._start
        if not 0 <= place < len(self._kept):
            place = self._ask(min(step, self._last))
        return self._kept[place]

    def _ask(self, step: int) -> int:
        start = step - step % AT_ONCE
        steps = np.arange(start, min(start + AT_ONCE, self._last + 1))
        # A factor may underflow, whatever the caller wants numpy to do about that.
        with np.errstate(**TRAINING_ERRORS):
            self._kept = self._factor(steps, self._steps_per_epoch, self._n_epochs).tolist()
        self._start = start
        return step - start
