"""softmin: softmax of -z, the largest share for the smallest score.

a_i = exp(-z_i) / sum_k exp(-z_k), which mixes the components: da_i/dz_j = -a_i (delta_ij - a_j). That Jacobian, times
dL/da = g, is a (sum_k g_k a_k - g), so the matrix is never built.

exp overflows for very negative z. Subtracting the column's minimum from all its z changes nothing in the quotient, and
leaves the largest exponent at 0.

Source: J. Bridle, "Probabilistic interpretation of feedforward classification network outputs", Neurocomputing 68,
Springer 1990, there as softmax.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return exp(-z) over its sum, column by column."""
    e = np.exp(z.min(axis=0, keepdims=True) - z)
    a: Array = e / e.sum(axis=0, keepdims=True)
    return a


softmin = Activation("softmin", forward, a_domain="distribution", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return softmin."""
    return [softmin]
