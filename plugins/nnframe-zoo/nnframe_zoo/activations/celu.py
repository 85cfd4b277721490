"""celu: elu made smooth at 0 for every alpha.

a = z where z > 0, alpha (exp(z / alpha) - 1) elsewhere, and da/dz = 1 where z > 0, else exp(z / alpha); alpha > 0. The
slope is 1 from both sides of 0, where that of elu jumps from alpha to 1.

exp gets min(z, 0) / alpha, which can't overflow, and expm1 keeps the digits near 0.

Source: J. Barron, "Continuously differentiable exponential linear units", 2017, arXiv:1704.07483.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, alpha: float) -> Array:
    """Return z where z > 0, else alpha (exp(z / alpha) - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0) / alpha))


celu = Activation(
    "celu",
    forward,
    params={"alpha": 1.0},
    limits={"alpha": "(0, inf)"},
    init="he",
    a_domain="real",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return celu."""
    return [celu]
