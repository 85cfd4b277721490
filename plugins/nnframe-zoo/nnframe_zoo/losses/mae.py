"""mae: the mean absolute error over the components of a column.

L = sum_i |a_i - y_i| / n, and dL/da_i = sign(a_i - y_i) / n, with 0 at the kink, a_i = y_i. There is nothing to
overflow.

Source: P. Bloomfield and W. Steiger, "Least absolute deviations", Birkhäuser 1983.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array) -> Array:
    """Return the mean of |a - y| over each column."""
    mean: Array = np.abs(a - y).mean(axis=0)
    return mean


mae = Loss("mae", value, minimum=0.0, doc=__doc__)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return mae."""
    return [mae]
