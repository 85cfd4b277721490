"""softmax: turns a column of scores into probabilities.

a_i = exp(z_i) / sum_k exp(z_k), which mixes the components: da_i/dz_j = a_i (delta_ij - a_j). That Jacobian, times
dL/da = g, is a (g - sum_k g_k a_k), so the matrix is never built.

exp overflows for large z. Subtracting the column's maximum doesn't change the quotient, and makes the largest exponent
0. The in-place form does so only if numbers are far from 0.

Source: J. Bridle, "Probabilistic interpretation of feedforward classification network outputs", Neurocomputing 68,
Springer 1990.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.shortcuts import lies_within, spread_sums
from nnframe.contracts.activation import Activation
from nnframe.contracts.markers import hookimpl

# exp of a number between -60 and 60 is normal in every dtype, and no sum of 1e12 such numbers overflows.
BOUND = 60.0
# In a single column, only the largest number is checked. If it is above -20, exp loses precision only for numbers
# with a probability below 1e-28.
BOUND_OF_LARGEST = 20.0


def forward(z: Array) -> Array:
    """Return exp(z) over its sum, column by column."""
    e = np.exp(z - z.max(axis=0, keepdims=True))
    a: Array = e / e.sum(axis=0, keepdims=True)
    return a


def backward(grad: Array, z: Array, a: Array) -> Array:
    """Return dL/dz for grad = dL/da."""
    dz: Array = a * (grad - (grad * a).sum(axis=0, keepdims=True))
    return dz


def forward_inplace(z: Array) -> None:
    """Turn z into a."""
    # Checking one number of a column takes two thirds of the time.
    is_near_0 = abs(z.item(z.argmax())) < BOUND_OF_LARGEST if z.shape[1] == 1 else lies_within(z, BOUND)
    if not is_near_0:
        np.subtract(z, np.maximum.reduce(z, axis=0, keepdims=True), z)
    np.exp(z, z)
    np.divide(z, spread_sums(z, z), z)


def backward_inplace(grad: Array, a: Array) -> None:
    """Turn dL/da into dL/dz."""
    np.subtract(grad, spread_sums(grad * a, a), grad)
    np.multiply(grad, a, grad)


softmax = Activation(
    "softmax",
    forward,
    backward=backward,
    forward_inplace=forward_inplace,
    backward_inplace=backward_inplace,
    a_domain="distribution",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return softmax."""
    return [softmax]
