"""bce: the binary cross-entropy of probabilities a against target probabilities y, each component on its own.

L is the mean over the components of a column of -(y log a + (1 - y) log(1 - a)), and
dL/da_i = ((1 - y_i) / (1 - a_i) - y_i / a_i) / n. A floor under a and 1 - a keeps log 0 and 1 / 0 finite.

After sigmoid, the fused form is better. With log a = -log(1 + exp(-z)) and log(1 - a) = log a - z, the loss is
the mean of

    log(1 + exp(z)) - y z    and    dL/dz_i = (a_i - y_i) / n,

without a logarithm of a rounded 0 and without a quotient. log(1 + exp(z)) is max(z, 0) + log1p(exp(-|z|)), which
can't overflow. a - y is computed as (1 - y) a - y (1 - a) with 1 - a = sigmoid(-z), so that an almost certain right
answer still has a slope.

Source: C. Bishop, "Pattern Recognition and Machine Learning", Springer 2006, section 4.3.2, there as a sum.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.activations.sigmoid import forward as sigmoid
from nnframe.builtins.shortcuts import floored
from nnframe.contracts.fused import Fused
from nnframe.contracts.loss import Loss
from nnframe.contracts.markers import hookimpl


def value(a: Array, y: Array) -> Array:
    """Return the mean of -(y log a + (1 - y) log(1 - a)) over each column."""
    mean: Array = -(y * np.log(floored(a)) + (1 - y) * np.log(floored(1 - a))).mean(axis=0)
    return mean


def gradient(a: Array, y: Array) -> Array:
    """Return -(y / a - (1 - y) / (1 - a)) / n."""
    grad: Array = -1 / len(a) * (y / floored(a) - (1 - y) / floored(1 - a))
    return grad


def sigmoid_value(z: Array, y: Array) -> Array:
    """Return the loss of sigmoid(z), computed from z."""
    # log(1 + exp(z)) - y z, written so that no large numbers are subtracted where y is 1.
    mean: Array = ((1 - y) * log1p_exp(z) + y * log1p_exp(-z)).mean(axis=0)
    return mean


def sigmoid_gradient(z: Array, a: Array, y: Array) -> Array:
    """Return dL/dz for a = sigmoid(z)."""
    grad: Array = ((1 - y) * a - y * sigmoid(-z)) / len(z)
    return grad


def log1p_exp(z: Array) -> Array:
    """Return log(1 + exp(z)), which can't overflow."""
    result: Array = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    return result


bce = Loss(
    "bce",
    value,
    gradient,
    fused={"sigmoid": Fused(sigmoid_gradient, sigmoid_value)},
    a_domain="probability",
    y_domain="probability",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return bce."""
    return [bce]
