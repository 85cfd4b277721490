"""hinge: the loss of the support vector machine, for targets of -1 and 1.

The mean over the components of a column of max(margin - y a, 0), and dL/da_i = -y_i / n where y_i a_i < margin, else 0,
at the kink too. There is nothing to overflow.

Source: C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20 (1995) 273-297.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, margin: float) -> Array:
    """Return the mean of max(margin - y a, 0) over each column."""
    mean: Array = np.maximum(margin - y * a, 0).mean(axis=0)
    return mean


hinge = Loss("hinge", value, params={"margin": 1.0}, minimum=0.0, y_domain="sign", doc=__doc__)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return hinge."""
    return [hinge]
