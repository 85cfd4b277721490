"""cel: the cross-entropy loss of probabilities a against target probabilities y.

L = -sum_i y_i log a_i, and dL/da_i = -y_i / a_i.

A floor under a, the smallest normal number over the machine epsilon, keeps log 0 and 1 / 0 finite: it is too small to
change a result that matters, and large enough that y / a can be multiplied without overflow.

After softmax, the fused form is better. With log a_i = z_i - log sum_k exp(z_k),

    L = (sum_i y_i) log sum_k exp(z_k) - sum_i y_i z_i    and    dL/dz = (sum_i y_i) a - y,

which is a - y if the targets sum to 1, without a logarithm of a rounded 0 and without a quotient.

Source: C. Bishop, "Pattern Recognition and Machine Learning", Springer 2006, section 4.3.4.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.shortcuts import column_sums, floored, spread_sums
from nnframe.contracts.fused import Fused
from nnframe.contracts.loss import Loss
from nnframe.contracts.markers import hookimpl


def value(a: Array, y: Array) -> Array:
    """Return -sum(y log a) over each column."""
    total: Array = -(y * np.log(floored(a))).sum(axis=0)
    return total


def gradient(a: Array, y: Array) -> Array:
    """Return -y / a."""
    grad: Array = -y / floored(a)
    return grad


def softmax_value(z: Array, y: Array) -> Array:
    """Return the loss of softmax(z), computed from z."""
    shifted = z - z.max(axis=0, keepdims=True)
    log_a = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))
    total: Array = -(y * log_a).sum(axis=0)
    return total


def softmax_gradient(z: Array, a: Array, y: Array) -> Array:
    """Return dL/dz for a = softmax(z)."""
    grad: Array = a * spread_sums(y, a) - y
    return grad


def softmax_both(z: Array, y: Array) -> tuple[Array, Array]:
    """Return `softmax_value` and `softmax_gradient`, which share the exponentials."""
    shifted = z - np.maximum.reduce(z, axis=0)
    e = np.exp(shifted)
    totals, weights = column_sums(e), column_sums(y)
    losses = weights * np.log(totals) - column_sums(y * shifted)
    e *= weights / totals
    e -= y
    return losses, e


def column_value(a: Array, y: Array) -> float:
    """Return the loss of one column; infinite or NaN where a has a 0."""
    product: float = y.T.dot(np.log(a)).item()
    return -product


cel = Loss(
    "cel",
    value,
    gradient,
    column_value=column_value,
    fused={"softmax": Fused(softmax_gradient, softmax_value, softmax_both)},
    a_domain="distribution",
    y_domain="distribution",
    minimum=0.0,
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return cel."""
    return [cel]
