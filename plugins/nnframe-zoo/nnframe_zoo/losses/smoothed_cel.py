"""smoothed_cel: cross-entropy with label smoothing, which keeps a net from being too sure of itself.

A share of the target is spread evenly over the n classes, t = (1 - smoothing) y + smoothing / n with
0 <= smoothing <= 1, and L = -sum_i t_i log a_i over the components of a column of probabilities a;
dL/da_i = -t_i / a_i. A floor under a keeps log 0 and 1 / 0 finite. smoothing = 0 is cel; the default is the paper's
0.1, where PyTorch's cross_entropy smooths only on demand.

After softmax, the two are better taken together: log a from z as log_softmax does, and dL/dz = a sum_k t_k - t, which
has neither a logarithm of a rounded 0 nor a quotient.

Source: C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the Inception architecture for computer
vision", CVPR 2016, arXiv:1512.00567, section 7.
"""

from __future__ import annotations

import numpy as np

from nnframe import Fused, Loss, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._floored import floored
from nnframe_zoo.activations import log_softmax
from nnframe_zoo.losses import nll


def value(a: Array, y: Array, smoothing: float) -> Array:
    """Return -sum(t log a) over each column."""
    return nll.value(np.log(floored(a)), _smoothed(y, smoothing))


def gradient(a: Array, y: Array, smoothing: float) -> Array:
    """Return -t / a."""
    return -_smoothed(y, smoothing) / floored(a)


def softmax_value(z: Array, y: Array, smoothing: float) -> Array:
    """Return the loss of softmax(z), computed from z."""
    return nll.value(log_softmax.forward(z), _smoothed(y, smoothing))


def softmax_gradient(z: Array, a: Array, y: Array, smoothing: float) -> Array:
    """Return dL/dz for a = softmax(z)."""
    t = _smoothed(y, smoothing)
    grad: Array = a * t.sum(axis=0, keepdims=True) - t
    return grad


def _smoothed(y: Array, smoothing: float) -> Array:
    return (1 - smoothing) * y + smoothing / len(y)


smoothed_cel = Loss(
    "smoothed_cel",
    value,
    gradient,
    params={"smoothing": 0.1},
    limits={"smoothing": "[0, 1]"},
    fused={"softmax": Fused(softmax_gradient, softmax_value)},
    a_domain="distribution",
    y_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_losses() -> list[Loss]:
    """Return smoothed_cel."""
    return [smoothed_cel]
