"""gelu: z times the chance that a standard normal number is smaller than z; the exact form.

a = z P(z) with P(z) = erfc(-z / sqrt(2)) / 2, and da/dz = P(z) + z p(z) with p(z) = exp(-z^2 / 2) / sqrt(2 pi).

P is taken from erfc, not as (1 + erf) / 2, which would round to 0 from about z = -8 (float32: -5) on, where a is still
far from it.

Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", 2016, arXiv:1606.08415.
"""

from __future__ import annotations

import math

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._erfc import erfc


def forward(z: Array) -> Array:
    """Return z P(z)."""
    return z * _normal_cdf(z)


def _normal_cdf(z: Array) -> Array:
    return erfc(z / -math.sqrt(2)) / 2


gelu = Activation("gelu", forward, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return gelu."""
    return [gelu]
