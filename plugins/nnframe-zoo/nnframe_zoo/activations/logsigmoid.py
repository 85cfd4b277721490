"""logsigmoid: the logarithm of the sigmoid.

a = log(1 / (1 + exp(-z))) = -log(1 + exp(-z)), and da/dz = s(-z) with s(x) = 1 / (1 + exp(-x)).

log(1 + exp(x)) is max(x, 0) + log1p(exp(-|x|)): nothing overflows, there is no log of a rounded 0 for very negative z,
and log1p keeps what is left of exp(-z) in the upper tail.

Source: M. Mächler, "Accurately computing log(1 - exp(-|a|))", vignette of the R package Rmpfr, 2012, equation 10.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._logistic import log1p_exp


def forward(z: Array) -> Array:
    """Return -log(1 + exp(-z))."""
    return -log1p_exp(-z)


logsigmoid = Activation("logsigmoid", forward, a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return logsigmoid."""
    return [logsigmoid]
