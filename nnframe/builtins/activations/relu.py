"""relu: the rectified linear unit.

a = max(z, 0), and da/dz = 1 where z > 0, else 0. At the kink, z = 0, any slope between 0 and 1 is
right; 0 is the usual choice.

Source: V. Nair and G. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.shortcuts import LARGE, number, zeros_beside
from nnframe.contracts.activation import Activation
from nnframe.contracts.markers import hookimpl


def forward(z: Array) -> Array:
    """Return max(z, 0)."""
    a: Array = np.maximum(z, 0)
    return a


def derivative(z: Array) -> Array:
    """Return 1 where z > 0, else 0."""
    return (z > 0).astype(z.dtype)


def forward_inplace(z: Array) -> None:
    """Turn z into a."""
    np.maximum(z, number(0, z.dtype) if z.size < LARGE else zeros_beside(z), out=z)


def backward_inplace(grad: Array, a: Array) -> None:
    """Turn dL/da into dL/dz."""
    # a is never negative, so its sign is the slope, and faster to compute for small arrays. If a is NaN, the loss and
    # its gradient are NaN anyway.
    np.multiply(grad, np.sign(a) if a.size < LARGE else np.greater(a, number(0, a.dtype)), grad)


relu = Activation(
    "relu",
    forward,
    derivative,
    init="he",
    forward_inplace=forward_inplace,
    backward_inplace=backward_inplace,
    a_domain="nonnegative",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return relu."""
    return [relu]
