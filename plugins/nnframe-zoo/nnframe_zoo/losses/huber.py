"""huber: quadratic for errors up to delta, linear beyond, so that an outlier pulls with a bounded force.

The mean over the components of a column of

    h(e) = e^2 / 2                  where |e| <= delta
           delta (|e| - delta / 2)  elsewhere,    e = a - y,

and dL/da_i = min(max(e_i, -delta), delta) / n; delta > 0. With c = min(|e|, delta), h is c (|e| - c / 2) in both
pieces: a large error is never squared.

Source: P. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964) 73-101.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, delta: float) -> Array:
    """Return the mean of h(a - y) over each column."""
    error = np.abs(a - y)
    capped = np.minimum(error, delta)
    mean: Array = (capped * (error - capped / 2)).mean(axis=0)
    return mean


huber = Loss(
    "huber",
    value,
    params={"delta": 1.0},
    limits={"delta": "(0, inf)"},
    minimum=0.0,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return huber."""
    return [huber]
