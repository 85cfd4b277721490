"""hardsigmoid: the sigmoid in three straight pieces.

a = min(max(z + 3, 0), 6) / 6, and da/dz = 1/6 where -3 < z < 3, else 0, at both kinks too. Comparisons and a sum: there
is nothing to overflow.

Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, arXiv:1905.02244, section 5.2.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return min(max(z + 3, 0), 6) / 6."""
    a: Array = np.clip(z + 3, 0, 6) / 6
    return a


hardsigmoid = Activation("hardsigmoid", forward, a_domain="probability", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return hardsigmoid."""
    return [hardsigmoid]
