"""huber: quadratic for small errors, linear for large ones, so that an outlier pulls with a bounded force.

With the error e = a - y,

    L = mean over the components of    e^2 / 2                   where |e| <= delta
                                       delta (|e| - delta / 2)   elsewhere

and dL/da_i = clip(e_i, -delta, delta) / n.

Source: P. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964) 73-101.
"""

from __future__ import annotations

import numpy as np

from nnframe import Array, Loss, hookimpl


def value(a: Array, y: Array, delta: float) -> Array:
    """Return the mean over each column."""
    size = np.abs(a - y)
    # One formula for both pieces: what exceeds delta counts linearly, and the square never sees it.
    within = np.minimum(size, delta)
    mean: Array = (within * (size - within / 2)).mean(axis=0)
    return mean


huber = Loss("huber", value, params={"delta": 1.0}, minimum=0.0, doc=__doc__)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return huber."""
    return [huber]
