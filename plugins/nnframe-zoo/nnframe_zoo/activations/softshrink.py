"""softshrink: soft thresholding, which moves z towards 0 by lambd and stops there.

a = z - lambd where z > lambd, z + lambd where z < -lambd, and 0 between, which is max(z - lambd, 0) +
min(z + lambd, 0); da/dz = 1 where |z| > lambd, else 0, at both kinks too; lambd >= 0. There is nothing to overflow.
lambda is a keyword of Python, hence the spelling.

Source: D. Donoho, "De-noising by soft-thresholding", IEEE Transactions on Information Theory 41 (1995) 613-627.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, lambd: float) -> Array:
    """Return max(z - lambd, 0) + min(z + lambd, 0)."""
    a: Array = np.maximum(z - lambd, 0) + np.minimum(z + lambd, 0)
    return a


softshrink = Activation(
    "softshrink",
    forward,
    params={"lambd": 0.5},
    limits={"lambd": "(0, inf)"},
    a_domain="real",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return softshrink."""
    return [softshrink]
