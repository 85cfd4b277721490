"""nll: the negative log-likelihood of log-probabilities a, for target probabilities y.

L = -sum_i y_i a_i over the components of a column, and dL/da_i = -y_i. a is what log_softmax gives; of
probabilities, the loss is cel. Products alone: there is nothing to overflow.

After log_softmax, dL/dz = p sum_k y_k - y with the probabilities p = exp(a).

Source: C. Bishop, "Pattern Recognition and Machine Learning", Springer 2006, section 4.3.4.
"""

from __future__ import annotations

from nnframe import Loss, hookimpl
from nnframe_zoo._array import Array


def value(a: Array, y: Array) -> Array:
    """Return -sum(y a) over each column."""
    total: Array = -(y * a).sum(axis=0)
    return total


nll = Loss(
    "nll",
    value,
    a_domain="log_distribution",
    y_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return nll."""
    return [nll]
