"""cosine: half a cosine wave from 1 down to ``minimum``, updated after every epoch.

    factor = minimum + (1 - minimum) (1 + cos(pi epoch / n_epochs)) / 2

Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without the
restarts.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.schedule import Schedule


def factor(step: Array, steps_per_epoch: int, n_epochs: int, minimum: float) -> Array:
    """Return the factor of the learning rate."""
    epoch = step // steps_per_epoch
    factor: Array = minimum + (1 - minimum) * (1 + np.cos(np.pi * epoch / n_epochs)) / 2
    return factor


cosine = Schedule(
    "cosine",
    factor,
    params={"minimum": 0.0},
    limits={"minimum": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_schedules() -> list[Schedule]:
    """Return cosine."""
    return [cosine]
