"""tanh: the hyperbolic tangent.

a = tanh(z), and da/dz = 1 - a^2. numpy's tanh is stable everywhere; where it rounds to +-1 the slope is exactly 0.

Source: Y. LeCun et al., "Efficient BackProp", Neural Networks: Tricks of the Trade, Springer 1998.
"""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.markers import hookimpl


def forward(z: Array) -> Array:
    """Return tanh(z)."""
    a: Array = np.tanh(z)
    return a


def derivative(z: Array) -> Array:
    """Return 1 - tanh(z)^2."""
    slope: Array = 1 - np.tanh(z) ** 2
    return slope


def forward_inplace(z: Array) -> None:
    """Turn z into a."""
    np.tanh(z, z)


def backward_inplace(grad: Array, a: Array) -> None:
    """Turn dL/da into dL/dz."""
    slope = a * a
    np.subtract(1, slope, slope)
    np.multiply(grad, slope, grad)


tanh = Activation(
    "tanh",
    forward,
    derivative,
    forward_inplace=forward_inplace,
    backward_inplace=backward_inplace,
    a_domain="real",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return tanh."""
    return [tanh]
