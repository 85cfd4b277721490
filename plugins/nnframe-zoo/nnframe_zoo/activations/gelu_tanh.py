"""gelu_tanh: the approximation of gelu by tanh, within 5e-4 of the exact form.

a = z (1 + tanh u) / 2 with u = sqrt(2 / pi) (z + 0.044715 z^3). With s(x) = 1 / (1 + exp(-x)), (1 + tanh u) / 2 is
s(2u), so that

    a = z s(2u)    and    da/dz = s(2u) + 2z u' s(2u) s(-2u),    u' = sqrt(2 / pi) (1 + 3 * 0.044715 z^2).

s keeps its digits where tanh rounds to -1, and s(-2u) is 1 - s(2u) without the cancellation.

Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", 2016, arXiv:1606.08415, section 2.
"""

from __future__ import annotations

import math

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._logistic import sigmoid

CUBIC = 0.044715
# Twice sqrt(2 / pi): every u below is needed doubled.
FACTOR = 2 * math.sqrt(2 / math.pi)
LARGEST = 1e3


def forward(z: Array) -> Array:
    """Return z s(2u)."""
    # Beyond it s(2u) is 0 or 1 to the last digit, and z^3 would overflow.
    x = np.clip(z, -LARGEST, LARGEST)
    return z * sigmoid(FACTOR * x * (1 + CUBIC * x * x))


gelu_tanh = Activation("gelu_tanh", forward, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return gelu_tanh."""
    return [gelu_tanh]
