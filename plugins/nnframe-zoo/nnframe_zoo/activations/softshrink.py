"""softshrink: soft thresholding, which moves z towards 0 by lambd and stops there.

a = z - lambd where z > lambd, z + lambd where z < -lambd, and 0 between, which is z - min(max(z, -lambd), lambd);
da/dz = 1 where |z| > lambd, else 0, at both kinks too; lambd >= 0. There is nothing to overflow. lambda is a
keyword of Python, hence the spelling.

Source: D. Donoho, "De-noising by soft-thresholding", IEEE Transactions on Information Theory 41 (1995) 613-627.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, lambd: float) -> Array:
    """Return z - min(max(z, -lambd), lambd)."""
    a: Array = z - np.clip(z, -lambd, lambd)
    return a


def derivative(z: Array, lambd: float) -> Array:
    """Return 1 where |z| > lambd, else 0."""
    return (np.abs(z) > lambd).astype(z.dtype)


softshrink = Activation(
    "softshrink",
    forward,
    derivative,
    params={"lambd": 0.5},
    limits={"lambd": "(0, inf)"},
    a_domain="real",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return softshrink."""
    return [softshrink]
