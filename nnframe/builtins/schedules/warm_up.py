"""warm_up: the learning rate rises linearly over the first updates, then stays constant.

    n = epochs steps_per_epoch        factor = 1 - (1 - start) max(n - step, 0) / n

Source: P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, section 2.2.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.schedule import Schedule


def factor(step: Array, steps_per_epoch: int, n_epochs: int, epochs: float, start: float) -> Array:
    """Return the factor of the learning rate."""
    updates = epochs * steps_per_epoch
    # With 0 epochs there is no warm-up, and nothing to divide by.
    factor: Array = 1 - (1 - start) * np.maximum(updates - step, 0) / (updates or 1)
    return factor


warm_up = Schedule(
    "warm_up",
    factor,
    params={"epochs": 5.0, "start": 0.1},
    limits={"epochs": "[0, inf)", "start": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_schedules() -> list[Schedule]:
    """Return warm_up."""
    return [warm_up]
