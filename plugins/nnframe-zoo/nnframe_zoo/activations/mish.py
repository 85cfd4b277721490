"""mish: z times the tanh of its softplus.

a = z t with t = tanh(log(1 + exp(z))), and da/dz = t + z (1 - t^2) s(z) with s(z) = 1 / (1 + exp(-z)).

tanh(log x) is (x^2 - 1) / (x^2 + 1), which needs neither tanh nor log. With e = exp(-|z|), which can't overflow, it is
t = p / (p + q), where

    p = e^2 + 2e,  q = 2       for z < 0
    p = 1 + 2e,    q = 2e^2    for z >= 0

and 1 - t^2 = q (2p + q) / (p + q)^2. No term is a difference, so all digits stay in both tails.

Source: D. Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020, arXiv:1908.08681.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return z t."""
    p, q = _parts(z)
    a: Array = z * (p / (p + q))
    return a


def _parts(z: Array) -> tuple[Array, Array]:
    e = np.exp(-np.abs(z))
    p: Array = np.where(z < 0, e * e, 1) + 2 * e
    q: Array = np.where(z < 0, 2, 2 * e * e)
    return p, q


mish = Activation("mish", forward, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return mish."""
    return [mish]
