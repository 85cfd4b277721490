"""softsign: a sigmoid with tails that approach -1 and 1 as slowly as 1 / z.

a = z / (1 + |z|), and da/dz = 1 / (1 + |z|)^2. The denominator is at least 1, and there is no exponential to overflow.

Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
2010.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return z / (1 + |z|)."""
    a: Array = z / (1 + np.abs(z))
    return a


softsign = Activation("softsign", forward, a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return softsign."""
    return [softsign]
