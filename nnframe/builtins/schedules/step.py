"""step: the learning rate is multiplied by ``gamma`` after every ``every`` epochs.

    factor = gamma^floor(epoch / every)

Source: A. Krizhevsky, I. Sutskever and G. Hinton, "ImageNet classification with deep convolutional neural networks",
NIPS 2012, section 5, where the learning rate was divided by 10 three times.
"""

from __future__ import annotations

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.schedule import Schedule


def factor(step: Array, steps_per_epoch: int, n_epochs: int, every: int, gamma: float) -> Array:
    """Return the factor of the learning rate."""
    factor: Array = gamma ** (step // steps_per_epoch // every)
    return factor


step = Schedule(
    "step",
    factor,
    params={"every": 10, "gamma": 0.1},
    limits={"every": "[1, inf)", "gamma": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_schedules() -> list[Schedule]:
    """Return step."""
    return [step]
