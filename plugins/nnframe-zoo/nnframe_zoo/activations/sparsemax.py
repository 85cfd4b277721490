"""sparsemax: the column of probabilities nearest to z, in which small scores get exactly 0.

a_i = max(z_i - t, 0), with the one t for which they sum to 1. In decreasing order, with z_(1) the largest, the
components that stay above 0 are the first m, the largest m for which m z_(m) > z_(1) + ... + z_(m) - 1, and
t = (z_(1) + ... + z_(m) - 1) / m. On those m, da_i/dz_j = delta_ij - 1/m; everywhere else, also where z_i is t, it
is 0. That Jacobian, times dL/da = g, is g less its mean over the m, so the matrix is never built.

Subtracting the column's maximum changes nothing in a. It leaves all components that count between -1 and 0, so that
their sum loses no digits to the size of z.

Source: A. Martins and R. Astudillo, "From softmax to sparsemax: a sparse model of attention and multi-label
classification", ICML 2016, arXiv:1602.02068.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return the projection of each column onto the probabilities."""
    shifted = z - z.max(axis=0, keepdims=True)
    falling = -np.sort(-shifted, axis=0)
    excess = falling.cumsum(axis=0) - 1
    count = np.arange(1, len(z) + 1, dtype=z.dtype).reshape(-1, 1)
    last = (count * falling > excess).sum(axis=0, keepdims=True) - 1
    threshold = np.take_along_axis(excess / count, last, axis=0)
    a: Array = np.maximum(shifted - threshold, 0)
    return a


def backward(grad: Array, z: Array, a: Array) -> Array:
    """Return dL/dz for grad = dL/da."""
    kept = (a > 0).astype(a.dtype)
    mean = (grad * kept).sum(axis=0, keepdims=True) / kept.sum(axis=0, keepdims=True)
    dz: Array = kept * (grad - mean)
    return dz


sparsemax = Activation("sparsemax", forward, backward=backward, a_domain="distribution", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return sparsemax."""
    return [sparsemax]
