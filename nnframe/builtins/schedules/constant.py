"""constant: the learning rate stays the same.

    factor = 1

Source: the default of a run without a schedule.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.schedule import Schedule


def factor(step: Array, steps_per_epoch: int, n_epochs: int) -> Array:
    """Return the factor of the learning rate."""
    return np.ones(np.shape(step))


constant = Schedule(
    "constant",
    factor,
    doc=__doc__,
)


@hookimpl
def nnframe_schedules() -> list[Schedule]:
    """Return constant."""
    return [constant]
