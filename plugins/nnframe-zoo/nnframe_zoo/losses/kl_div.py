"""kl_div: the Kullback-Leibler divergence of target probabilities y from log-probabilities a.

L = sum_i y_i (log y_i - a_i) over the components of a column, with 0 log 0 = 0, and dL/da_i = -y_i. a is what
log_softmax gives. PyTorch calls the sum over the classes "batchmean", and its default divides by their number as well,
which is no divergence any more.

log y is taken only where y > 0. It differs from nll by the entropy of y, which doesn't depend on a, so the gradients
are the same.

Source: S. Kullback and R. Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951) 79-86.
"""

from __future__ import annotations

import numpy as np

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array) -> Array:
    """Return sum(y (log y - a)) over each column."""
    log_y = np.log(np.where(y > 0, y, 1))
    total: Array = (y * (log_y - a)).sum(axis=0)
    return total


kl_div = Loss(
    "kl_div",
    value,
    a_domain="log_distribution",
    y_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return kl_div."""
    return [kl_div]
