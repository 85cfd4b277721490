"""one_cycle: up to the full learning rate in the first part of the run, ``rise``, then down to almost 0.

Both parts are half a cosine wave, updated at every step, with t from 0 to 1 in each:

    up      factor = 1 + (1 / divisor - 1) (1 + cos(pi t)) / 2
    down    factor = end + (1 - end) (1 + cos(pi t)) / 2        end = 1 / (divisor final_divisor)

Source: L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning rates",
2018.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.schedule import Schedule


def factor(
    step: Array, steps_per_epoch: int, n_epochs: int, rise: float, divisor: float, final_divisor: float
) -> Array:
    """Return the factor of the learning rate."""
    last = steps_per_epoch * n_epochs - 1
    peak = rise * (last + 1) - 1
    lowest, end = 1 / divisor, 1 / (divisor * final_divisor)
    up = _wave(lowest, 1.0, step / max(peak, 1e-12))
    down = _wave(1.0, end, (step - peak) / max(last - peak, 1e-12))
    return np.where(step <= peak, up, down)


def _wave(start: float, stop: float, way: Array) -> Array:
    """Return a point on half a cosine wave from one number to another, for a progress from 0 to 1."""
    number: Array = stop + (start - stop) * (1 + np.cos(np.pi * np.clip(way, 0, 1))) / 2
    return number


one_cycle = Schedule(
    "one_cycle",
    factor,
    params={"rise": 0.3, "divisor": 25.0, "final_divisor": 1e4},
    limits={"rise": "[0, 1]", "divisor": "(0, inf)", "final_divisor": "(0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_schedules() -> list[Schedule]:
    """Return one_cycle."""
    return [one_cycle]
