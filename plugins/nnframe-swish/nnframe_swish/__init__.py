"""swish: z times the sigmoid of beta z.

a = z s(beta z) with s(x) = 1 / (1 + exp(-x)), and da/dz = s (1 + beta z (1 - s)). With beta = 1 it is also called SiLU.

Source: P. Ramachandran, B. Zoph and Q. Le, "Searching for activation functions", 2017, arXiv:1710.05941.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nnframe import Activation, hookimpl


def sigmoid(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return 1 / (1 + exp(-x)), with an exponent that is never positive, for exp would overflow."""
    e = np.exp(-np.abs(x))
    s: npt.NDArray[Any] = np.where(x >= 0, 1, e) / (1 + e)
    return s


def forward(z: npt.NDArray[Any], beta: float) -> npt.NDArray[Any]:
    """Return z s(beta z)."""
    return z * sigmoid(beta * z)


def derivative(z: npt.NDArray[Any], beta: float) -> npt.NDArray[Any]:
    """Return s + beta z s (1 - s), where 1 - s(x) is s(-x)."""
    s = sigmoid(beta * z)
    return s + beta * z * s * sigmoid(-beta * z)


swish = Activation("swish", forward, derivative, params={"beta": 1.0}, init="he", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return swish."""
    return [swish]
