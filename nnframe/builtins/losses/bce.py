"""bce: the binary cross-entropy of probabilities a against target probabilities y, each component on its own.

L is the mean over the components of a column of -(y log a + (1 - y) log(1 - a)), and
dL/da_i = ((1 - y_i) / (1 - a_i) - y_i / a_i) / n. A floor under a and 1 - a keeps log 0 and 1 / 0 finite.

After sigmoid, the fused form is better. With log a = -log(1 + exp(-z)) and log(1 - a) = log a - z, the loss is
the mean of

    log(1 + exp(z)) - y z    and    dL/dz_i = (a_i - y_i) / n,

without a logarithm of a rounded 0 and without a quotient. log(1 + exp(z)) is max(z, 0) + log1p(exp(-|z|)), which
can't overflow, and max(z, 0) - y z is (1 - y) max(z, 0) + y max(-z, 0), which subtracts no large numbers. a - y is
computed as (1 - y) a - y (1 - a) with 1 - a = 1 / (1 + exp(z)), so that an almost certain right answer still has a
slope.

Source: C. Bishop, "Pattern Recognition and Machine Learning", Springer 2006, section 4.3.2, there as a sum.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.shortcuts import floored, number
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
    beyond_linear = np.log1p(np.exp(-np.abs(z)))
    total: Array = (beyond_linear + (1 - y) * np.maximum(z, 0) + y * np.maximum(-z, 0)).sum(axis=0)
    return total / len(z)


def sigmoid_gradient(z: Array, a: Array, y: Array) -> Array:
    """Return dL/dz for a = sigmoid(z)."""
    one = number(1, z.dtype)
    # Not sigmoid(-z), which takes twice as many calls; exp of more would overflow.
    rest = one / (one + np.exp(np.minimum(z, number(_largest_exponent(z.dtype), z.dtype))))
    grad: Array = ((one - y) * a - y * rest) / len(z)
    return grad


@lru_cache
def _largest_exponent(dtype: np.dtype[Any]) -> float:
    return math.log(np.finfo(dtype).max) - 1


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
