"""hardtanh: z, cut off at both ends.

a = min(max(z, min_val), max_val), and da/dz = 1 where min_val < z < max_val, else 0, at both kinks too;
min_val < max_val. Comparisons alone: there is nothing to overflow.

Source: R. Collobert, "Large scale machine learning", PhD thesis, Université Paris VI, 2004.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, min_val: float, max_val: float) -> Array:
    """Return min(max(z, min_val), max_val)."""
    a: Array = np.clip(z, min_val, max_val)
    return a


hardtanh = Activation("hardtanh", forward, params={"min_val": -1.0, "max_val": 1.0}, a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return hardtanh."""
    return [hardtanh]
