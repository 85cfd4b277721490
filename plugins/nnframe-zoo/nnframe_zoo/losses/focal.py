"""focal: cross-entropy in which classes that are already predicted well count little.

L = -sum_i y_i (1 - a_i)^gamma log a_i over the components of a column of probabilities a, and

    dL/da_i = y_i (1 - a_i)^gamma (gamma log(a_i) / (1 - a_i) - 1 / a_i),

with gamma >= 0; gamma = 0 is cel. The factor alpha of the paper, one number here, would only rescale the learning rate,
so there is none. A floor under a and 1 - a keeps log 0 and quotients finite.

After softmax, the two are better taken together. With h_i = a_i dL/da_i, dL/dz = h - a sum_k h_k. log a is taken from z
as log_softmax does, and 1 - a as -expm1(log a), so that no digit is lost where a is nearly 0 or nearly 1.

Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object detection", ICCV 2017,
arXiv:1708.02002.
"""

from __future__ import annotations

import numpy as np

from nnframe import Fused, Loss, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._floored import floored
from nnframe_zoo.activations import log_softmax


def value(a: Array, y: Array, gamma: float) -> Array:
    """Return -sum(y (1 - a)^gamma log a) over each column."""
    total: Array = -(y * np.clip(1 - a, 0, 1) ** gamma * np.log(floored(a))).sum(axis=0)
    return total


def gradient(a: Array, y: Array, gamma: float) -> Array:
    """Return y (1 - a)^gamma (gamma log(a) / (1 - a) - 1 / a)."""
    rest = np.clip(1 - a, 0, 1)
    positive = floored(a)
    grad: Array = y * rest**gamma * (gamma * np.log(positive) / floored(rest) - 1 / positive)
    return grad


def softmax_value(z: Array, y: Array, gamma: float) -> Array:
    """Return the loss of softmax(z), computed from z."""
    log_a = log_softmax.forward(z)
    total: Array = -(y * _rest(log_a) ** gamma * log_a).sum(axis=0)
    return total


def softmax_gradient(z: Array, a: Array, y: Array, gamma: float) -> Array:
    """Return dL/dz for a = softmax(z)."""
    log_a = log_softmax.forward(z)
    rest = _rest(log_a)
    h = y * rest**gamma * (gamma * a * log_a / floored(rest) - 1)
    grad: Array = h - a * h.sum(axis=0, keepdims=True)
    return grad


def _rest(log_a: Array) -> Array:
    rest: Array = -np.expm1(log_a)
    return rest


focal = Loss(
    "focal",
    value,
    gradient,
    params={"gamma": 2.0},
    limits={"gamma": "[0, inf)"},
    fused={"softmax": Fused(softmax_gradient, softmax_value)},
    a_domain="distribution",
    y_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return focal."""
    return [focal]
