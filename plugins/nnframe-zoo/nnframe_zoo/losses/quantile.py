"""quantile: the pinball loss, whose minimum is the q-quantile of the targets and not their mean.

The mean over the components of a column of max(q e, (q - 1) e) with e = y - a and 0 < q < 1, and

    dL/da_i = -q / n         where a_i < y_i
              (1/2 - q) / n  where a_i = y_i, half-way between the slopes of both sides
              (1 - q) / n    where a_i > y_i

With q = 1/2 it is half of mae. There is nothing to overflow.

Source: R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46 (1978) 33-50.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array, q: float) -> Array:
    """Return the mean of max(q (y - a), (q - 1) (y - a)) over each column."""
    error = y - a
    mean: Array = np.maximum(q * error, (q - 1) * error).mean(axis=0)
    return mean


quantile = Loss(
    "quantile",
    value,
    params={"q": 0.5},
    limits={"q": "(0, 1)"},
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return quantile."""
    return [quantile]
