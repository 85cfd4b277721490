"""exponential: the learning rate is multiplied by ``gamma`` after every epoch.

    factor = gamma^epoch

Source: in general use; PyTorch has it as ExponentialLR.
"""

from __future__ import annotations

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.schedule import Schedule


def factor(step: Array, steps_per_epoch: int, n_epochs: int, gamma: float) -> Array:
    """Return the factor of the learning rate."""
    factor: Array = gamma ** (step // steps_per_epoch)
    return factor


exponential = Schedule(
    "exponential",
    factor,
    params={"gamma": 0.95},
    limits={"gamma": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_schedules() -> list[Schedule]:
    """Return exponential."""
    return [exponential]
