"""The log loss as scikit-learn reports it: probabilities are clipped to between eps and 1 - eps, and outputs added up.

Training doesn't notice, for the gradient is that of the loss without clipping, but when it stops depends on what is
reported. These losses are no plugins, since their gradient is not the slope of their value.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe import Array, Fused, Loss
from nnframe.builtins.losses.bce import log1p_exp
from nnframe.builtins.losses.cel import cel, softmax_gradient, softmax_value


def _largest(array: Array) -> float:
    """Return what the logarithm of a clipped probability is at most, without its sign."""
    return -math.log(np.finfo(array.dtype).eps)


def _binary_value(a: Array, y: Array) -> Array:
    p = np.clip(a, np.finfo(a.dtype).eps, 1 - np.finfo(a.dtype).eps)
    total: Array = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=0)
    return total


def _binary_gradient(a: Array, y: Array) -> Array:
    p = np.clip(a, np.finfo(a.dtype).eps, 1 - np.finfo(a.dtype).eps)
    slope: Array = (1 - y) / (1 - p) - y / p
    return slope


def _binary_value_of_sigmoid(z: Array, y: Array) -> Array:
    most = _largest(z)
    parts = (1 - y) * np.minimum(log1p_exp(z), most) + y * np.minimum(log1p_exp(-z), most)
    total: Array = parts.sum(axis=0)
    return total


def _binary_gradient_of_sigmoid(z: Array, a: Array, y: Array) -> Array:
    difference: Array = a - y
    return difference


def _value(a: Array, y: Array) -> Array:
    return np.minimum(cel.value(a, y), _largest(a))


def _value_of_softmax(z: Array, y: Array) -> Array:
    return np.minimum(softmax_value(z, y), _largest(z))


binary_log_loss = Loss(
    "binary_log_loss",
    _binary_value,
    _binary_gradient,
    fused={"sigmoid": Fused(_binary_gradient_of_sigmoid, _binary_value_of_sigmoid)},
    a_domain="probability",
    y_domain="probability",
    doc=__doc__,
)

log_loss = Loss(
    "log_loss",
    _value,
    cel.gradient,
    fused={"softmax": Fused(softmax_gradient, _value_of_softmax)},
    a_domain="distribution",
    y_domain="distribution",
    doc=__doc__,
)
