"""elu: the exponential linear unit, which levels off at -alpha below 0.

a = z where z > 0, alpha (exp(z) - 1) elsewhere, and da/dz = 1 where z > 0, else alpha exp(z), at 0 too.

Both pieces are computed everywhere before one is chosen, so exp gets min(z, 0), which can't overflow. expm1 keeps the
digits of exp(z) - 1 near 0.

Source: D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and accurate deep network learning by exponential linear
units (ELUs)", ICLR 2016, arXiv:1511.07289.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, alpha: float) -> Array:
    """Return z where z > 0, else alpha (exp(z) - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


elu = Activation("elu", forward, params={"alpha": 1.0}, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return elu."""
    return [elu]
