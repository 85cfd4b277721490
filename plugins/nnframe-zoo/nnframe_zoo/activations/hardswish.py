"""hardswish: swish with the sigmoid in three straight pieces.

a = z h(z) with h(z) = min(max(z + 3, 0), 6) / 6, and

    da/dz = 0            for z <= -3
            z / 3 + 1/2  between
            1            for z >= 3

so that the kinks have the slope of the outer pieces. z is multiplied by at most 1: there is nothing to overflow.

Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, arXiv:1905.02244, section 5.2.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo.activations import hardsigmoid


def forward(z: Array) -> Array:
    """Return z h(z)."""
    return z * hardsigmoid.forward(z)


hardswish = Activation("hardswish", forward, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return hardswish."""
    return [hardswish]
