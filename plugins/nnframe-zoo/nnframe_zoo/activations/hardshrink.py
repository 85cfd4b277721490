"""hardshrink: hard thresholding, which keeps z or drops it.

a = z where |z| > lambd, else 0, and da/dz = 1 where |z| > lambd, else 0, at both jumps too; lambd >= 0. There is
nothing to overflow. lambda is a keyword of Python, hence the spelling.

Source: D. Donoho and I. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994) 425-455.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, lambd: float) -> Array:
    """Return z where |z| > lambd, else 0."""
    return np.where(np.abs(z) > lambd, z, 0)


hardshrink = Activation(
    "hardshrink",
    forward,
    params={"lambd": 0.5},
    limits={"lambd": "(0, inf)"},
    a_domain="real",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return hardshrink."""
    return [hardshrink]
