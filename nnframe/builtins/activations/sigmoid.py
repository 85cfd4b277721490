"""sigmoid: the logistic function.

a = 1 / (1 + exp(-z)), and da/dz = a (1 - a).

exp(-z) overflows for very negative z. With e = exp(-|z|), which never exceeds 1, a is 1 / (1 + e) for z >= 0 and
e / (1 + e) below, and the slope is e / (1 + e)^2 on both sides, without the cancellation of 1 - a.

Source: D. Rumelhart, G. Hinton and R. Williams, "Learning representations by back-propagating errors", Nature 323
(1986) 533-536.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.builtins.shortcuts import number
from nnframe.contracts.activation import Activation
from nnframe.contracts.markers import hookimpl


def forward(z: Array) -> Array:
    """Return 1 / (1 + exp(-z))."""
    e = np.exp(-np.abs(z))
    a: Array = np.where(z >= 0, 1, e) / (1 + e)
    return a


def derivative(z: Array) -> Array:
    """Return exp(-|z|) / (1 + exp(-|z|))^2."""
    e = np.exp(-np.abs(z))
    slope: Array = e / (1 + e) ** 2
    return slope


def forward_inplace(z: Array) -> None:
    """Turn z into a: exp(min(z, 0)) is 1 for z >= 0 and e below, and needs no extra memory."""
    dtype = z.dtype
    # -|z| in one call.
    denominator = np.copysign(z, number(-1, dtype))
    np.exp(denominator, denominator)
    np.add(denominator, number(1, dtype), denominator)
    np.minimum(z, number(0, dtype), out=z)
    np.exp(z, z)
    np.divide(z, denominator, z)


def backward_inplace(grad: Array, a: Array) -> None:
    """Turn dL/da into dL/dz. 1 - a cancels near 1, but the slope is as good as 0 there."""
    slope = np.subtract(number(1, a.dtype), a)
    np.multiply(slope, a, slope)
    np.multiply(grad, slope, grad)


sigmoid = Activation(
    "sigmoid",
    forward,
    derivative,
    forward_inplace=forward_inplace,
    backward_inplace=backward_inplace,
    a_domain="probability",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return sigmoid."""
    return [sigmoid]
