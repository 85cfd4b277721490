"""The log loss as scikit-learn reports it: probabilities are clipped to between eps and 1 - eps, and outputs added up.

Training doesn't notice, for the gradient is that of the loss without clipping, but when it stops depends on what is
reported. These losses are not plugins, since their gradient is not the slope of their value, and since `log_loss` takes
labels alone: each column of its targets has a single 1. So it needs one logarithm a column, and a - y as its gradient.
"""

from __future__ import annotations

import numpy as np

from nnframe import Array, Fused, Loss
from nnframe.builtins.losses.cel import cel


def _binary_value(a: Array, y: Array) -> Array:
    p = np.clip(a, np.finfo(a.dtype).eps, 1 - np.finfo(a.dtype).eps)
    total: Array = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=0)
    return total


def _binary_gradient(a: Array, y: Array) -> Array:
    p = np.clip(a, np.finfo(a.dtype).eps, 1 - np.finfo(a.dtype).eps)
    slope: Array = (1 - y) / (1 - p) - y / p
    return slope


def _fused_gradient(z: Array, a: Array, y: Array) -> Array:
    difference: Array = a - y
    return difference


def _value(a: Array, y: Array) -> Array:
    probabilities = np.einsum("ij,ij->j", a, y)
    loss: Array = -np.log(np.maximum(probabilities, np.finfo(a.dtype).eps))
    return loss


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
