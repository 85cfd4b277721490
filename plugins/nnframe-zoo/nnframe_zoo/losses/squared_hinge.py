"""squared_hinge: hinge squared, without its kink, for targets of -1 and 1.

The mean over the components of a column of max(margin - y a, 0)^2, and dL/da_i = -2 y_i max(margin - y_i a_i, 0) / n.
As with mse, the square overflows only beyond the root of the largest number.

Source: Y. Tang, "Deep learning using linear support vector machines", 2013, arXiv:1306.0239.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, margin: float) -> Array:
    """Return the mean of max(margin - y a, 0)^2 over each column."""
    mean: Array = (np.maximum(margin - y * a, 0) ** 2).mean(axis=0)
    return mean


squared_hinge = Loss("squared_hinge", value, params={"margin": 1.0}, minimum=0.0, y_domain="sign", doc=__doc__)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return squared_hinge."""
    return [squared_hinge]
