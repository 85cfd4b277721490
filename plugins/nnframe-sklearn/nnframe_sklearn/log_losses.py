"""The log loss as scikit-learn reports it: probabilities are clipped to between eps and 1 - eps, and outputs added up.

Training doesn't notice, for the gradient is that of the loss without clipping, but when it stops depends on what is
reported. These losses are not plugins, since their gradient is not the slope of their value, and since they take labels
alone: targets are 0 or 1, and in a column for `log_loss`, one is 1. So the probability of the label is all that counts.
"""

from __future__ import annotations

import numpy as np

from nnframe import Array, Fused, Loss
from nnframe.builtins.losses.cel import cel
from nnframe.builtins.shortcuts import column_sums


def _binary_value(a: Array, y: Array) -> Array:
    total: Array = _surprise(np.where(y > 0, a, 1 - a)).sum(axis=0)
    return total


def _binary_gradient(a: Array, y: Array) -> Array:
    p = np.clip(a, np.finfo(a.dtype).eps, 1 - np.finfo(a.dtype).eps)
    slope: Array = (1 - y) / (1 - p) - y / p
    return slope


def _fused_gradient(z: Array, a: Array, y: Array) -> Array:
    difference: Array = a - y
    return difference


def _value(a: Array, y: Array) -> Array:
    return _surprise(column_sums(a * y))


def _surprise(probabilities: Array) -> Array:
    surprise: Array = -np.log(np.maximum(probabilities, np.finfo(probabilities.dtype).eps))
    return surprise


binary_log_loss = Loss(
    "binary_log_loss",
    _binary_value,
    _binary_gradient,
    fused={"sigmoid": Fused(_fused_gradient)},
    a_domain="probability",
    y_domain="probability",
    doc=__doc__,
)

log_loss = Loss(
    "log_loss",
    _value,
    cel.gradient,
    fused={"softmax": Fused(_fused_gradient)},
    a_domain="distribution",
    y_domain="distribution",
    doc=__doc__,
)
