"""swish: z times the sigmoid of beta z.

a = z s(beta z) with s(x) = 1 / (1 + exp(-x)), and da/dz = s (1 + beta z (1 - s)). With beta = 1 it is also called SiLU.

Source: P. Ramachandran, B. Zoph and Q. Le, "Searching for activation functions", 2017, arXiv:1710.05941.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, Array, hookimpl


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), with an exponent that is never positive, for exp would overflow."""
    e = np.exp(-np.abs(x))
    s: Array = np.where(x >= 0, 1, e) / (1 + e)
    return s


def forward(z: Array, beta: float) -> Array:
    """Return z s(beta z)."""
    a: Array = z * sigmoid(beta * z)
    return a


swish = Activation("swish", forward, params={"beta": 1.0}, init="he", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return swish."""
    return [swish]
