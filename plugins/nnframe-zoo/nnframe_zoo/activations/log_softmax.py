"""log_softmax: the logarithm of softmax, which makes a column of scores one of log-probabilities.

a_i = z_i - log sum_k exp(z_k), which mixes the components: da_i/dz_j = delta_ij - p_j with p = softmax(z) = exp(a).
That Jacobian, times dL/da = g, is g - p sum_k g_k, so the matrix is never built.

The logarithm of softmax itself would be that of a rounded 0. With the column's maximum m, sum_k exp(z_k) is
exp(m) (1 + r), r the sum of exp(z_k - m) over all others: no exponent is positive, and log1p(r) keeps the digits of the
log-probability of a nearly certain class.

Source: P. Blanchard, D. Higham and N. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA Journal
of Numerical Analysis 41 (2021) 2311-2330.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return z - log sum exp(z), column by column."""
    shifted = z - z.max(axis=0, keepdims=True)
    others = (np.exp(shifted) * (shifted < 0)).sum(axis=0, keepdims=True)
    # Several scores may be the largest; all but one of them are others too, with exp(0) = 1.
    ties = (shifted == 0).sum(axis=0, keepdims=True, dtype=z.dtype)
    a: Array = shifted - np.log1p(others + (ties - 1))
    return a


def backward(grad: Array, z: Array, a: Array) -> Array:
    """Return dL/dz for grad = dL/da."""
    dz: Array = grad - np.exp(a) * grad.sum(axis=0, keepdims=True)
    return dz


log_softmax = Activation("log_softmax", forward, backward=backward, a_domain="log_distribution", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return log_softmax."""
    return [log_softmax]
